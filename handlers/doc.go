// Package handlers owns HTTP: addresses and who may use them, sessions, forms,
// errors on the way out, and the filling in of pages. It decides nothing about
// the domain: a handler decodes a form, makes one call to workflow or one read
// of the store, and redirects or renders. It must not compare statuses, write
// anything itself or hold a user-visible text.
//
// # Adding a page
//
// One action a file. A page that shows an organisation and changes its phone
// takes four things.
//
// A row for each address in the table of routes.go; without an access rule the
// program does not start:
//
//	{Method: get, Path: "/organisations/:id", Access: Operator(registry.Clerk, registry.Approver), Handle: s.organisation},
//	{Method: post, Path: "/organisations/:id/phone", Access: Operator(registry.Clerk), Handle: s.organisationPhone},
//
// organisation.go, with the page's struct and what fills it in:
//
//	type organisationPage struct {
//		templates.Page
//		Organisation registry.Organisation
//		Form         phoneForm
//		Errors       templates.FieldErrors
//	}
//
//	// organisation shows one organisation.
//	func (s *Server) organisation(c echo.Context) error {
//		v, err := s.organisationPage(c)
//		if err != nil {
//			return err // a registry.Error becomes its page, anything else a 500
//		}
//		return s.render(c, http.StatusOK, "organisation", v)
//	}
//
// organisation_phone.go, with the form and what it does:
//
//	type phoneForm struct{ Phone string }
//
//	// organisationPhone changes the phone.
//	func (s *Server) organisationPhone(c echo.Context) error {
//		form, err := postForm(c) // the body only, never the query string
//		if err != nil {
//			return err
//		}
//		in := phoneForm{Phone: strings.TrimSpace(form.Get("phone"))}
//		err = s.deps.Workflow.ChangePhone(c.Request().Context(), workflow.PhoneChange{By: identity(c).OperatorID, Phone: in.Phone})
//		if errs, ok := s.fieldErrors(c, err); ok {
//			v, err := s.organisationPage(c)
//			if err != nil {
//				return err
//			}
//			v.Form, v.Errors = in, errs
//			return s.render(c, http.StatusUnprocessableEntity, "organisation", v)
//		}
//		if err != nil {
//			return err
//		}
//		s.flash(c, "good", "flash.saved")
//		return s.redirect(c, "/organisations/"+c.Param("id")) // 303
//	}
//
// templates/pages/organisation.html: see package templates. An entry of the
// main menu is a row in menu.go; it shows itself to whoever may GET its
// address, and hides where the address does not exist.
//
// # What a handler has at hand
//
//   - identity(c): who it is, nil for nobody; the route's rule has been
//     checked. lang(c): the language of the answer. source(c): the address.
//   - s.page(c, title), s.text(c, key, args...): the page's frame, a message.
//   - s.render, s.fragment (a block of a page, for htmx), s.redirect, s.flash.
//   - s.enter(c, identity), s.endSession: the only ways a session begins and
//     ends. s.sessions.Put and Pop keep small things between two steps.
//   - registry.Refuse(kind, key, args...): what the person is told. Arguments
//     that are registry.Tyiyn or time.Time are written in their forms, and
//     arguments named status, action, role, from or to in words.
//
// A form whose typed values must outlive an expired session carries
// data-keep="<id>": see templates/assets/js/keep.js.
package handlers
