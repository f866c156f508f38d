"""What must hold in a world, after every step and at its end."""
