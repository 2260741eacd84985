"""stub"""
def estimate() -> None:
    """Not yet."""
