// SPDX-License-Identifier: GPL-2.0-only
/// Buffers are added to a virtqueue with a lock held, and the queue's callback
/// takes them back with none. Two operations of one virtqueue must not overlap:
/// the list of free descriptors is corrupted if they do.
///
/// Calls are followed within a file. Which lock it is, and which queue of several,
/// is for the reader to see.
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual report

@initialize:python@
@@
import re

ADD = re.compile(r"virtqueue_add_(sgs|outbuf|inbuf)")
GET = re.compile(r"virtqueue_get_buf")

# function -> what it calls, ever; with no lock taken before, and where
calls, bare = {}, {}
locked = []
callbacks = []

def leads_to(name, pattern):
    """The functions that call what matches, directly or not."""
    found, size = set(), -1
    while size != len(found):
        size = len(found)
        found.update(f for f, called in calls.items()
                     if any(pattern.match(c) or c in found for c in called))
    return found

def bare_gets(function, seen):
    """Where it takes buffers back with no lock, itself or by what it calls."""
    if function in seen:
        return
    seen.add(function)
    for name, p in bare.get(function, []):
        if GET.match(name):
            yield function, p
        else:
            yield from bare_gets(name, seen)

@call@
identifier f;
position p;
@@
	f@p(...)

@script:python@
f << call.f;
p << call.p;
@@
calls.setdefault(p[0].current_element, set()).add(f)

@after_lock exists@
identifier f;
identifier lock =~ "^(mutex_lock|(raw_)?spin_lock(_irq|_irqsave|_bh)?|lockdep_assert_held)$";
identifier unlock =~ "^(mutex_unlock|(raw_)?spin_unlock(_irq|_irqrestore|_bh)?)$";
expression L;
position p;
@@
	lock(L, ...);
	... when != unlock(L, ...)
	f@p(...)

@script:python@
f << after_lock.f;
p << after_lock.p;
@@
locked.append((f, p[0].line))

@after_guard exists@
identifier f, G;
expression L;
position p;
@@
	guard(G)(L, ...);
	...
	f@p(...)

@script:python@
f << after_guard.f;
p << after_guard.p;
@@
locked.append((f, p[0].line))

@in_scope@
iterator name scoped_guard;
identifier f, G;
expression L, E;
position p;
@@
(
	scoped_guard(G, L, ...) { <+... f@p(...) ...+> }
|
	scoped_guard(G, L, ...)
		f@p(...);
|
	scoped_guard(G, L, ...)
		E = f@p(...);
)

@script:python@
f << in_scope.f;
p << in_scope.p;
@@
locked.append((f, p[0].line))

@before_lock exists@
identifier f, g, G;
identifier lock =~ "^(mutex_lock|(raw_)?spin_lock(_irq|_irqsave|_bh)?|lockdep_assert_held)$";
expression L;
position p != in_scope.p;
@@
g(...)
{
	... when != lock(...)
	    when != guard(G)(L, ...);
	f@p(...)
	... when any
}

@script:python@
f << before_lock.f;
g << before_lock.g;
p << before_lock.p;
@@
bare.setdefault(g, []).append((f, p[0]))

@callback@
identifier f, vq;
@@
void f(struct virtqueue *vq) { ... }

@script:python@
f << callback.f;
@@
callbacks.append(f)

@finalize:python@
@@
adders = leads_to("add", ADD)
adds = sorted(int(line) for f, line in locked if ADD.match(f) or f in adders)
seen = set()
for callback in callbacks if adds else []:
    for function, p in bare_gets(callback, seen):
        coccilib.report.print_report(p, "%s() takes buffers back without a lock, line %d adds with one"
                                     % (function, adds[0]))
