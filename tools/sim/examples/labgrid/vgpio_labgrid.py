# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of vgpio-sim as digital outputs of labgrid."""
import attr
from labgrid import step, target_factory
from labgrid.driver import Driver
from labgrid.protocol import DigitalOutputProtocol
from labgrid.resource import Resource
from vgpio_sim import Sim


@target_factory.reg_resource
@attr.s(eq=False)
class VgpioLine(Resource):
    """A line of the simulator behind a control socket, that of VGPIO_CONTROL without one."""

    line = attr.ib(validator=attr.validators.instance_of(str))
    control = attr.ib(default=None,
                      validator=attr.validators.optional(attr.validators.instance_of(str)))


@target_factory.reg_driver
@attr.s(eq=False)
class VgpioDigitalOutputDriver(Driver, DigitalOutputProtocol):
    """Drives the line, as a relay or a button would."""

    bindings = {'resource': VgpioLine}

    def __attrs_post_init__(self):
        super().__attrs_post_init__()
        self.sim = None

    def on_activate(self):
        self.sim = Sim(control=self.resource.control)
        self.sim.__enter__()

    def on_deactivate(self):
        self.sim.close()
        self.sim = None

    @Driver.check_active
    @step(args=['status'])
    def set(self, status):
        self.sim[self.resource.line].set(status)

    @Driver.check_active
    @step(result=True)
    def get(self):
        return bool(self.sim[self.resource.line].value)
