"""From the profile of a stack to risk rows, duties and chosen mitigations."""
