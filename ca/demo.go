package ca

import "time"

// DemoIssuer makes intents that an authority must never make. `serve` does not
// construct one; the demo and the tests do.
type DemoIssuer struct{ issuer *Issuer }

// ForDemo allows backdated intents, for data that must look old.
func ForDemo(i *Issuer) DemoIssuer { return DemoIssuer{i} }

// NewIntentBackdated is Issuer.NewIntent without the rule about NotBefore. The
// CA still refuses a certificate that has expired by the machine's clock: for
// an expired one set NotAfter a few seconds ahead, and wait. NotBefore must lie
// within the issuing certificate's validity (InitOptions.ValidFrom).
func (d DemoIssuer) NewIntentBackdated(w Wanted) (Intent, error) {
	return d.issuer.newIntent(w)
}

// Expired is the validity of a certificate that expires, by the machine's
// clock, in a moment, after its year has passed.
func Expired(in time.Duration) (notBefore, notAfter time.Time) {
	notAfter = time.Now().UTC().Truncate(time.Second).Add(in)
	return notAfter.AddDate(-1, 0, 0), notAfter
}
