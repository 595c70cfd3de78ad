package ca

// Order is an intent with all that is asked of the CA for it and all that its
// answer is compared with, made once.
type Order struct {
	intent  Intent
	request *Request
	want    []byte // the certificate's likeness, DER
	tbs     []byte // of want
}

// NewOrder makes an order of an intent that passes Lint.
func (i *Issuer) NewOrder(intent Intent, r *Request) (*Order, error) {
	o, err := i.order(intent, r)
	if err != nil {
		return nil, err
	}
	if err := o.lint(); err != nil {
		return nil, err
	}
	return o, nil
}

func (i *Issuer) order(intent Intent, r *Request) (*Order, error) {
	if intent.CSRHash != r.Hash {
		return nil, errContradiction("the request is not the intent's")
	}
	want, tbs, err := i.likeness(intent, r.PublicKey)
	if err != nil {
		return nil, err
	}
	return &Order{intent, r, want, tbs}, nil
}
