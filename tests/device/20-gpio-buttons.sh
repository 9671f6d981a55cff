# Bound: 10 s. Buttons, lights and relays of the appliance.
skip "the appliance has no GPIO yet"
