"""UPSs that speak Megatec/Q1, the serial protocol of most Chinese-built UPSs."""
