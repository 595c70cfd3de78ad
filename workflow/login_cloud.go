package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
)

// IsBrowserToken says whether a cookie can be such a mark.
func IsBrowserToken(cookie string) bool {
	_, ok := ecloud.BrowserTokenHash(cookie)
	return ok
}

// CloudLogin is an E-Cloud login: a holder by the organisation's INN and the
// role, or an operator by the personal number.
type CloudLogin struct {
	INN  registry.INN
	Role registry.SignatoryRole
	// Operator is set instead of INN and Role when an operator logs in.
	Operator registry.PersonalNumber
	PIN      string
	Browser  string // the browser's mark
	Source   string // the client's address
	Origin   string
	Session  string
}

// LoginCloud has the kept key answer a login's question with the PIN-code, and
// judges the answer like that of any carrier.
func (f *Flow) LoginCloud(ctx context.Context, in CloudLogin) (*Entrance, error) {
	holder := OperatorHolder(in.Operator)
	if in.Operator == "" {
		var err error
		if holder, err = f.CloudHolder(ctx, in.INN, in.Role); err != nil {
			return nil, fmt.Errorf("logging in with a kept key: %w", err)
		}
	}
	q, err := f.AskLogin(ctx, in.Origin, in.Session)
	if err != nil {
		return nil, err
	}
	cms, _, err := f.SignWithCloudKey(ctx, holder, in.PIN, in.Browser, in.Source, q.Expected)
	var refusal *registry.Error
	if errors.As(err, &refusal) {
		if cerr := f.CountFailure(ctx, in.Source, refusal.Key); cerr != nil {
			return nil, cerr
		}
	}
	if err != nil {
		return nil, err
	}
	entrance, err := f.Login(ctx, q.Challenge, in.Session, cms, in.Source)
	if err != nil {
		return nil, err
	}
	return entrance, f.RememberBrowser(ctx, holder, in.Browser)
}

// SignAsOperator signs an envelope with the operator's own kept key.
func (f *Flow) SignAsOperator(ctx context.Context, who Actor, pin, browser, source string, envelope []byte) ([]byte, error) {
	if who.Operator == nil {
		return nil, registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	cms, _, err := f.SignWithCloudKey(ctx, OperatorHolder(who.Operator.Person.PersonalNumber), pin, browser, source, envelope)
	return cms, err
}
