class Car:
    def __init__(self, model="T", gpu=None):
        self.model = model


def load(model):
    return Car(model=model)


load(model="Model-S")
