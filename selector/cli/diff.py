"""stub"""
def diff() -> None:
    """Not yet."""
