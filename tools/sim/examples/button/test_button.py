from vgpio_sim import high, rise

def test_button_lights_led_for_a_while(sim):
    sim["LED"].wait("output")
    sim["Button"].pulse("10ms")
    sim["LED"].expect(rise, within="2s")
    sim["LED"].expect(high("190ms..1s"))

def test_nothing_happens_without_the_button(sim):
    sim.quiet("300ms")
