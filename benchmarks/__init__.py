"""Speed and size of the whole house, each figure beside the floor of the machine it ran on."""
