from vgpio_sim import rise

def test_button_lights_led(target, sim):
    button = target.get_driver("DigitalOutputProtocol")
    sim["LED"].wait("output")
    sim.mark()
    button.set(True)
    assert button.get()
    sim["LED"].expect(rise, within="2s")
