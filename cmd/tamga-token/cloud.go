package main

import (
	"context"
	"net/http"
	"net/url"
)

// roleOperator is how the login page names an employee's key in the E-Cloud.
const roleOperator = "OPERATOR"

// enterCloud logs an employee in with a key in the E-Cloud, as the login page
// does: that PIN-code, unlike a token's, goes to the server.
func (w *work) enterCloud(ctx context.Context, number string) error {
	if err := w.server.visit(ctx); err != nil {
		return err
	}
	pin, err := w.secret("ask.cloud_pin", "number", number)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/login/cloud", url.Values{"inn": {number}}},
		{"/login/cloud/pin", url.Values{"role": {roleOperator}, "pin": {pin}}},
	} {
		step.form.Set("csrf", w.server.csrf())
		res, err := w.server.send(ctx, http.MethodPost, step.path, step.form)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		switch {
		case res.StatusCode == http.StatusSeeOther:
		case res.StatusCode >= 400 && res.StatusCode < 500:
			return saying("login.cloud_refused")
		default:
			return saying("server.strange", "url", w.server.origin()+step.path, "status", res.StatusCode)
		}
	}
	return nil
}
