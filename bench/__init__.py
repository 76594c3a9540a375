"""How fast regapp is beside a floor: the least that could do the same with the same tools. `make bench` prints it."""
