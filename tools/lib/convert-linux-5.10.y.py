# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a file of mainline's as Linux 5.10 can compile it, as far as a script can.

usage: convert-linux-5.10.y.py <MAINLINE >CONVERTED

Guards become lock and unlock, variables of loops are declared at the beginning of
their function, and helpers that came later are written out. What is left to do by
hand is in patches/linux-5.10.y/differences.

Fails, and names the line, for a guard in a place that it does not know.
"""
import re
import sys

# --- names that came later ---------------------------------------------------------

# An expression, with what takes the place of a match, in order
RENAMED = [(re.compile(pattern, re.MULTILINE), new) for pattern, new in [
    # Allocations
    (r"kzalloc_flex\(\*(\w+), (\w+), (\w+), (\w+)\)", r"kzalloc(struct_size(\1, \2, \3), \4)"),
    (r"(k[mz]alloc)_obj\(\*([\w>-]+), (\w+)\)", r"\1(sizeof(*\2), \3)"),
    (r"(k[mz]alloc)_obj\(\*([\w>-]+)\)", r"\1(sizeof(*\2), GFP_KERNEL)"),
    (r"kzalloc_objs\(\*([\w>-]+), ([\w>-]+)\)", r"kcalloc(\2, sizeof(*\1), GFP_KERNEL)"),
    (r" __counted_by\(\w+\)", r""),
    # What a device writes to has a cache line of its own, up to the end of the structure.
    (r"^\t__dma_from_device_group_begin\((\w*)\);\n(.*);\n"
     r"\t__dma_from_device_group_end\(\1\);\n(?=};)",
     r"\2 __aligned(ARCH_KMALLOC_MINALIGN);\n"),
    # Symbols for tests
    (r"^VISIBLE_IF_KUNIT (.*\n)EXPORT_SYMBOL_IF_KUNIT\((\w+)\);",
     r"\1#if IS_ENABLED(CONFIG_KUNIT)\nEXPORT_SYMBOL_GPL(\2);\n#endif"),
    # Waiting; RCU waits for callbacks, which run with interrupts off
    (r"^(\t+)virtio_synchronize_cbs\(\w+\);\n(?=\1synchronize_rcu\(\);)", r""),
    (r"\bvirtio_synchronize_cbs\(\w+\);", r"synchronize_rcu();"),
    (r"^(\t+)atomic_dec_and_wake_up\((.*)\);$",
     r"\1if (atomic_dec_and_test(\2))\n\1\twake_up_var(\2);"),
    (r"test_bit_acquire\((\w+), (&[\w>-]+)\)", r"(smp_load_acquire(\2) & BIT(\1))"),
    (r"test_bit_acquire\(\)", r"smp_load_acquire()"),
    (r"disable_delayed_work_sync\(", r"cancel_delayed_work_sync("),
    (r"system_percpu_wq", r"system_wq"),
    (r"in_hardirq\(\)", r"in_irq()"),
    # Timers and threads
    (r"^(\t+)kthread_stop_put\((.*)\);", r"\1kthread_stop(\2);\n\1put_task_struct(\2);"),
    (r"timer_container_of\(", r"from_timer("),
    (r"timer_delete_sync\(|timer_shutdown_sync\(", r"del_timer_sync("),
    # Virtio
    (r"virtio_reset_device\((.*)\);", r"\1->config->reset(\1);"),
    (r"gpio_device_get_desc\(gc->gpiodev, ", r"gpiochip_get_desc(gc, "),
    # What tests have to do with gpiolib, whose setters return nothing
    (r"\n(\n\t/\*.*)?\n\tCLASS\(gpio_chip_guard, (\w+)\)\((.*)\);",
     r"\1\n\tstruct gpio_chip *\2 = gpiod_to_chip(\3);"),
    (r"^(\tstruct gpio_chip \*\w+ = gpiod_to_chip\(.*\);)(?=\n\tif)", r"\1\n"),
    (r"\bchip\.gc\b", r"chip"),
    (r"([\w>-]+)->(set|set_multiple)\(\1, ", r"virtio_gpio_try_\2(\1, "),
    # The log and the threads of the kernel
    (r"struct kmsg_dump_iter (\w+);", r"struct kmsg_dumper \1 = { .active = true };"),
    (r"->__state\b", r"->state"),
    (r"\nMODULE_IMPORT_NS\(.*\n\Z", r""),
    (r"^MODULE_IMPORT_NS\(.*\n", r""),
    # Sleep
    (r"!pm_suspend_in_progress\(\)",
     r"!IS_ENABLED(CONFIG_SUSPEND) || pm_suspend_target_state == PM_SUSPEND_ON"),
]]

# Headers that are not there
GONE_HEADERS = re.compile(
    r"^#include <(linux/(array_size|cleanup|container_of|gpio/defs|sprintf)|kunit/visibility)\.h>\n"
    r"(\n(?=#include \"))?", re.MULTILINE)

# --- guards --------------------------------------------------------------------------

# The kind of a guard: how it is taken and released
GUARDS = {
    "spinlock": ("spin_lock({0});", "spin_unlock({0});"),
    "spinlock_irq": ("spin_lock_irq({0});", "spin_unlock_irq({0});"),
    "spinlock_irqsave": ("spin_lock_irqsave({0}, flags);", "spin_unlock_irqrestore({0}, flags);"),
    "raw_spinlock": ("raw_spin_lock({0});", "raw_spin_unlock({0});"),
    "raw_spinlock_irqsave": ("raw_spin_lock_irqsave({0}, flags);",
                             "raw_spin_unlock_irqrestore({0}, flags);"),
    "rwsem_read": ("down_read({0});", "up_read({0});"),
    "rwsem_write": ("down_write({0});", "up_write({0});"),
    "rcu": ("rcu_read_lock();", "rcu_read_unlock();"),
    "irqsave": ("local_irq_save(flags);", "local_irq_restore(flags);"),
    "device": ("device_lock({0});", "device_unlock({0});"),
}

DEFINED_GUARD = re.compile(
    r"^DEFINE_(?:LOCK_)?GUARD(?:_1)?\((\w+), [^,]*,\s*(.*?),\n?\s*(\w+\(.*?\))"
    r"(?:,\s*unsigned long flags)?\)\n\n", re.MULTILINE | re.DOTALL)


class Odd(Exception):
    """A line that the script does not know what to do with."""


def take_defined_guards(text):
    """The text without the guards that it defines, and these with all others."""
    guards = dict(GUARDS)

    def note(match):
        name, lock, unlock = match.groups()
        argument = "_T->lock" if "_T->lock" in lock else "_T"
        guards[name] = tuple(re.sub(r"\s+", " ", call).replace("_T->flags", "flags")
                             .replace(argument, "{0}") + ";" for call in (lock, unlock))
        return ""

    return DEFINED_GUARD.sub(note, text), guards


def indent(line):
    """How many tabs a line begins with."""
    return len(line) - len(line.lstrip("\t"))


def is_simple(value):
    """Whether a value is the same without the lock: a constant or a local variable."""
    return re.fullmatch(r"-?\w+", value) is not None


class Function:
    """The body of a function, with what is to be declared in it."""

    DECLARATION = re.compile(
        r"^\t(const |static |unsigned |struct |union |enum |u8 |u16 |u32 |u64 |int |bool |char |void |"
        r"size_t |long |LIST_HEAD|DECLARE_|DEFINE_|\w+_t )")

    # A guard that is left in more places has one place where it is released.
    MOST_EXITS = 2

    def __init__(self, head, body, guards):
        signature = " ".join(head)
        match = re.match(r"(?:static |inline )*(.*?)\s?(\**)\w+\(", signature)
        self.type = (match[1] + " " + match[2]).strip()
        self.body = body
        self.guards = guards
        self.wanted = []
        self.held = []
        self.out = []
        self.label = False

    def declare(self, declaration):
        """Have a variable in the function, unless it is there."""
        name = declaration.rstrip(";").split(" ")[-1].lstrip("*")
        if declaration not in self.wanted and not any(
                isinstance(line, str) and self.DECLARATION.match(line) and
                re.match(r"\t\w.*[ *,]%s( =|[,;])" % name, line) for line in self.body):
            self.wanted.append(declaration)

    def convert(self):
        """The body as Linux 5.10 has it."""
        self.loops()
        if any(re.match(r"\t+(scoped_)?guard\(", line) for line in self.body):
            self.release(self.flatten(self.body))
            self.body = self.out
        for declaration in self.wanted:
            self.insert("\t" + declaration)
        return self.body

    def loops(self):
        """Variables of loops."""
        for i, line in enumerate(self.body):
            match = re.search(r"\bfor \(((?:unsigned )?int) (\w+) = ", line)
            if match:
                self.body[i] = line.replace(f"({match[1]} {match[2]}", f"({match[2]}")
                self.declare(f"{match[1]} {match[2]};")

    def insert(self, declaration):
        """A declaration among the others: the longer, the earlier."""
        end = 0
        while end < len(self.body) and self.body[end] and (
                self.DECLARATION.match(self.body[end]) or self.goes_on(self.body[end])):
            end += 1
        if not end:
            self.body[0:0] = [declaration, ""]
            return
        while end and not self.goes_on(self.body[end - 1]) and \
                len(self.body[end - 1]) < len(declaration):
            end -= 1
        self.body.insert(end, declaration)

    @staticmethod
    def goes_on(line):
        """Whether a line of declarations belongs to that before it."""
        return re.match(r"\t(\t| |\})", line) is not None

    def flatten(self, lines):
        """Each guard as a pair of a marker and what it guards; nothing is nested."""
        out, i = [], 0
        while i < len(lines):
            match = re.fullmatch(r"(\t+)scoped_guard\((\w+)(?:, (.*?))?\)( \{)?", lines[i])
            if not match:
                out.append(lines[i])
                i += 1
                continue
            tabs, kind, argument, block = match.groups()
            end = i + 1
            while end < len(lines) and (lines[end] != tabs + "}" if block else
                                        indent(lines[end]) > len(tabs)):
                end += 1
            inner = [line[1:] if line else line for line in lines[i + 1:end]]
            if inner and self.DECLARATION.match("\t" + inner[0].lstrip("\t")):
                raise Odd(lines[i] + ": declares variables")
            if out and isinstance(out[-1], str) and re.match(r"\t+(if|for|while|else)\b", out[-1]) \
                    and not out[-1].endswith((";", "{")):
                raise Odd(lines[i] + ": the only statement of a condition")
            out.append(("take", len(tabs), kind, argument or "", False))
            out += self.flatten(inner)
            out.append(("drop",))
            i = end + bool(block)
        return out

    def call(self, kind, argument, release):
        """How a guard is taken or released."""
        if kind not in self.guards:
            raise Odd(f"does not know the guard '{kind}'")
        call = self.guards[kind][release].format(argument)
        if "flags" in call:
            self.declare("unsigned long flags;")
        return call

    def release(self, lines):
        """Lines in which each way out of a guard releases it."""
        i = 0
        while i < len(lines):
            line = lines[i]
            i += 1
            match = isinstance(line, str) and re.fullmatch(r"(\t+)guard\((\w+)\)\((.*)\);", line)
            if match:
                line = ("take", indent(line), match[2], match[3], True)
            if isinstance(line, tuple):
                if line[0] == "take":
                    self.take(*line[1:])
                else:
                    self.drop()
                if match and len(match[1]) == 1 and self.exits(lines[i:]):
                    self.label = True
                continue
            self.refuse_jumps(line)
            while line.lstrip("\t").startswith("}") and self.held and self.held[-1]["open"] and \
                    indent(line) < self.held[-1]["depth"]:
                self.drop()
            if self.held and re.match(r"\t+return\b", line):
                while not line.endswith(";"):
                    line += "\n" + lines[i]
                    i += 1
                self.leave(line, i == len(lines))
                continue
            self.out.append(line)
        while self.held:
            self.drop()

    def exits(self, lines):
        """Whether so many ways lead out of a guard that they go through one place."""
        return sum(isinstance(line, str) and re.match(r"\t+return\b", line) is not None
                   for line in lines) > self.MOST_EXITS

    def refuse_jumps(self, line):
        """What leaves a guard by itself is not known here."""
        if self.held and re.match(r"\t+(goto|break|continue)\b", line) and \
                (indent(line) <= self.held[-1]["depth"] + 1 and self.held[-1]["depth"] > 1
                 or "goto" in line):
            raise Odd(line + ": leaves a guard")

    def take(self, depth, kind, argument, is_open):
        """A guard is taken."""
        if any("flags" in self.guards[entry["kind"]][0] for entry in self.held) and \
                "flags" in self.guards[kind][0]:
            raise Odd(f"{kind}: a guard in another, both with flags")
        self.out.append("\t" * depth + self.call(kind, argument, False))
        self.held.append({"depth": depth, "kind": kind, "argument": argument, "open": is_open})

    def steps(self, tabs, entries):
        """The calls that release guards, the last one first."""
        return [tabs + self.call(entry["kind"], entry["argument"], True)
                for entry in reversed(entries)]

    def drop(self):
        """The end of a guard, unless it was left before."""
        entry = self.held.pop()
        last = next(line for line in reversed(self.out) if line)
        if not re.match(r"\t{%d}return\b" % entry["depth"], last):
            self.out += self.steps("\t" * entry["depth"], [entry])

    def leave(self, line, is_last):
        """A return out of all guards."""
        tabs = "\t" * indent(line)
        value = re.match(r"\s*return\s*(.*);$", line, re.DOTALL)[1]
        first = []
        if value and value != "ret" and (self.label or not is_simple(value)):
            self.declare(f"{self.type} ret;".replace("* ret", "*ret"))
            first = [self.realign(f"{tabs}ret = {value};")]
        if value and (first or value == "ret"):
            line = f"{tabs}return ret;"
        if is_last and self.out and not self.out[-1]:
            self.out.pop()
        if self.label and is_last:
            self.out += first + ["out:"] + self.steps(tabs, self.held) + ["", line]
        elif self.label:
            inner = [entry for entry in self.held if not entry["open"]]
            self.out += self.braced(tabs, self.steps(tabs, inner) + first + [tabs + "goto out;"])
        else:
            steps = first + self.steps(tabs, self.held) + ([""] if is_last else []) + [line]
            self.out += steps if is_last else self.braced(tabs, steps)
        if is_last:
            self.held.clear()

    def braced(self, tabs, steps):
        """Statements that take the place of one, in braces if that was all of a condition."""
        last = self.out[-1] if self.out else ""
        if len(steps) == 1 or not last or last.endswith((";", "{", "}", "*/", ":")):
            return steps
        self.out[-1] += " {"
        if last.lstrip("\t").startswith("else if ("):
            # Braces on one arm are braces on all of them.
            if not re.match(r"\t+if \(.*\)$", self.out[-3]):
                raise Odd(last + ": after an arm that takes more than one line")
            self.out[-3] += " {"
            self.out[-1] = self.out[-1].replace("else", "} else", 1)
        return steps + [tabs[1:] + "}"]

    @staticmethod
    def realign(text):
        """Lines that go on are three columns further left, as 'ret = ' is shorter."""
        lines = text.split("\n")
        out = lines[:1]
        for line in lines[1:]:
            columns = len(line.expandtabs()) - len(line.lstrip("\t ")) - 1
            out.append("\t" * (columns // 8) + " " * (columns % 8) + line.lstrip("\t "))
        return "\n".join(out)


def functions(text, guards):
    """The text with each function converted."""
    lines, out, i = text.split("\n"), [], 0
    while i < len(lines):
        out.append(lines[i])
        if lines[i] != "{":
            i += 1
            continue
        end = lines.index("}", i)
        head = len(out) - 1
        while head > 0 and out[head - 1] and not out[head - 1].startswith((" *", "/*", "#")):
            head -= 1
        try:
            for line in Function(out[head:-1], lines[i + 1:end], guards).convert():
                out += line.split("\n")
        except Odd as odd:
            sys.exit(f"{' '.join(out[head:-1])}: {odd}")
        i = end
    return "\n".join(out)


def main():
    text = sys.stdin.read()
    text, guards = take_defined_guards(text)
    text = functions(text, guards)
    text = GONE_HEADERS.sub("", text)
    for pattern, new in RENAMED:
        text = pattern.sub(new, text)
    sys.stdout.write(text)


main()
