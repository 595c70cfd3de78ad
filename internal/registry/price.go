package registry

// Quote is what an application costs.
type Quote struct {
	Lines []QuoteLine // one per signatory, head first
	Total Tyiyn
}

// QuoteLine is one signatory's certificate.
type QuoteLine struct {
	Role   SignatoryRole
	Amount Tyiyn
	Label  Text
	// Example: the authority's real price is not known; this one stands in
	// until it is configured.
	Example bool
}

// Charge says what acceptance does to a balance.
type Charge struct {
	Amount  Tyiyn
	After   Tyiyn
	Missing Tyiyn // more than 0: acceptance is refused, nothing is taken
}

// ChargeOf reckons a fee against a balance (DT-22, A-11).
func ChargeOf(balance, fee Tyiyn) Charge {
	if balance < fee {
		return Charge{After: balance, Missing: fee - balance}
	}
	return Charge{Amount: fee, After: balance - fee}
}
