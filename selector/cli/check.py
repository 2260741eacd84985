"""stub"""
def check() -> None:
    """Not yet."""
