package rutokentest

// Plugged is a token of a drawer, in a port or not.
type Plugged struct {
	Serial string
	// PIN is the one it was made with.
	PIN string

	drawer *Drawer
	index  int
}

func (p *Plugged) word(w int) int      { return firstToken + p.index*tokenWords + w }
func (p *Plugged) set(w int, v uint64) { p.drawer.control.set(p.word(w), v) }
func (p *Plugged) get(w int) uint64    { return p.drawer.control.get(p.word(w)) }

// Unplug pulls it out: sessions die, logins with them.
func (p *Plugged) Unplug() {
	p.set(wordPresent, 0)
	p.drawer.control.add(p.word(wordEpoch), 1)
}

// Plug puts it in, into another slot than before.
func (p *Plugged) Plug() {
	p.drawer.control.add(p.word(wordEpoch), 1)
	p.set(wordPresent, 1)
}

// In tells whether it is plugged in.
func (p *Plugged) In() bool { return p.get(wordPresent) == 1 }

// TriesLeft of the PIN-code.
func (p *Plugged) TriesLeft() int { return int(p.get(wordLeft)) }

// SetTriesLeft leaves that many; 0 locks.
func (p *Plugged) SetTriesLeft(n int) { p.set(wordLeft, uint64(n)) }

// FreeMemory in bytes.
func (p *Plugged) FreeMemory() int { return int(p.get(wordFree)) }

// SetFreeMemory in bytes.
func (p *Plugged) SetFreeMemory(n int) { p.set(wordFree, uint64(n)) }

// Calls counts the calls that reached the library since the drawer was made.
func (d *Drawer) Calls() int { return int(d.control.get(wordCalls)) }

// UnplugAt pulls a token out just before the n-th call from now (1: the next).
func (d *Drawer) UnplugAt(n int, p *Plugged) { d.fault(n, faultUnplug, uint64(p.index)) }

// UnplugAfter lets the n-th call from now do its work, and then pulls the token
// out and loses the answer.
func (d *Drawer) UnplugAfter(n int, p *Plugged) { d.fault(n, faultUnplugAfter, uint64(p.index)) }

// HangAt lets the n-th call from now never return.
func (d *Drawer) HangAt(n int) { d.fault(n, faultHang, 0) }

// FailAt lets the n-th call from now return an error (a CKR_ value) and do
// nothing.
func (d *Drawer) FailAt(n int, rv uint) { d.fault(n, faultError, uint64(rv)) }

// CrashAt lets the n-th call from now end the library's process.
func (d *Drawer) CrashAt(n int) { d.fault(n, faultCrash, 0) }

// Calm takes back a fault that has not happened.
func (d *Drawer) Calm() { d.control.set(wordFaultAt, 0) }

// Pending tells whether a fault is still to happen.
func (d *Drawer) Pending() bool { return d.control.get(wordFaultAt) > d.control.get(wordCalls) }

// Hung tells whether a call hangs, or hung, since the last HangAt.
func (d *Drawer) Hung() bool { return d.control.get(wordHung) == 1 }

func (d *Drawer) fault(n int, kind, arg uint64) {
	d.control.set(wordFaultAt, 0)
	d.control.set(wordHung, 0)
	d.control.set(wordFaultKind, kind)
	d.control.set(wordFaultArg, arg)
	d.control.set(wordFaultAt, d.control.get(wordCalls)+uint64(n))
}
