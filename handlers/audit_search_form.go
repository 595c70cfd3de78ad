package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// searchFields are the parameters of a search; whatever else an address has is
// no part of it.
var searchFields = func() []string {
	fields := []string{"serial", "inn", "org", "person", "reason", "office", "operator", "way", "channel", "storage", "state", "at", "order"}
	for _, d := range store.CertificateDates {
		fields = append(fields, string(d)+"_from", string(d)+"_to")
	}
	return fields
}()

// searchTyped is what an address asks for, as typed: the fields of a search
// that are not empty.
func searchTyped(q url.Values) url.Values {
	out := url.Values{}
	for _, field := range searchFields {
		if v := strings.TrimSpace(q.Get(field)); v != "" {
			out.Set(field, v)
		}
	}
	return out
}

// readSearch understands what was typed; what it does not understand is named
// and left out.
func (s *Server) readSearch(c echo.Context, typed url.Values) (store.CertificateSearch, templates.FieldErrors) {
	f := store.CertificateSearch{
		Organisation: typed.Get("org"), Person: typed.Get("person"), Office: registry.OfficeCode(typed.Get("office")), Channel: registry.Channel(typed.Get("channel")),
		Storage: registry.Storage(typed.Get("storage")), Way: registry.ReportWay(typed.Get("way")), Dates: map[store.CertificateDate]store.Between{}, At: s.deps.Now(),
	}
	errs := templates.FieldErrors{}
	if v := typed.Get("serial"); v != "" {
		serial, ok := registry.ParseSerial(v)
		if f.Serial = serial; !ok {
			errs["serial"] = s.text(c, "error.audit.serial")
		}
	}
	if v := typed.Get("inn"); v != "" {
		inn, err := registry.ParseINN(v)
		if f.INN = inn; err != nil {
			errs["inn"] = s.text(c, "error.audit.inn")
		}
	}
	switch kind, code, _ := strings.Cut(typed.Get("reason"), ":"); kind {
	case "cause":
		f.Cause = code
	case "rfc":
		f.Code = code
	}
	if n, err := strconv.ParseInt(typed.Get("operator"), 10, 64); err == nil {
		f.Operator = registry.OperatorID(n)
	}
	if state := registry.CertificateState(typed.Get("state")); slices.Contains(registry.CertificateStates[:], state) {
		f.State = state
	}
	at, err := readMoment(s.deps.Workflow.Pack().Zone(), "at", typed.Get("at"))
	if err != nil {
		errs["at"] = s.text(c, "error.moment.invalid")
	} else if at != nil {
		f.At = *at
	}
	s.readSearchDates(c, typed, &f, errs)
	f.Order = searchOrder(typed, f)
	return f, errs
}

func (s *Server) readSearchDates(c echo.Context, typed url.Values, f *store.CertificateSearch, errs templates.FieldErrors) {
	zone := s.deps.Workflow.Pack().Zone()
	for _, date := range store.CertificateDates {
		var b store.Between
		for field, set := range map[string]func(registry.Date){
			string(date) + "_from": func(d registry.Date) { b.From = d.Start(zone) },
			string(date) + "_to":   func(d registry.Date) { b.To = d.End(zone) },
		} {
			if v := typed.Get(field); v != "" {
				d, err := registry.ParseInputDate(v)
				if err != nil {
					errs[field] = s.text(c, "error.date.invalid")
					continue
				}
				set(d)
			}
		}
		switch {
		case b == store.Between{}:
		case !b.To.IsZero() && !b.From.Before(b.To):
			errs[string(date)+"_to"] = s.text(c, "error.period.order")
		default:
			f.Dates[date] = b
		}
	}
}

// rarest are the dates, those first that the fewest certificates have.
var rarest = [...]store.CertificateDate{
	store.DateRevoked, store.DateSuspended, store.DatePublic, store.DateDecided, store.DateReported, store.DateEnds, store.DateBegins, store.DateIssued,
}

// searchOrder is the order asked for, otherwise the one that leads to what is
// sought: the rarest of the dates that are limited, or the end for what has
// ended.
func searchOrder(typed url.Values, f store.CertificateSearch) store.CertificateDate {
	if order := store.CertificateDate(typed.Get("order")); slices.Contains(store.CertificateDates[:], order) {
		return order
	}
	for _, date := range rarest {
		if _, limited := f.Dates[date]; limited {
			return date
		}
	}
	switch f.State {
	case registry.StateEnded:
		return store.DateEnds
	case registry.StateRevoked:
		return store.DateRevoked
	}
	return store.DateIssued
}

// searchGroup is a select of the form.
type searchGroup struct {
	Name, Label string
	Groups      []choiceGroup // without a name: options
}

// searchChoices are the selects of the form.
func (s *Server) searchChoices(c echo.Context, tx *store.Tx, typed url.Values) ([]searchGroup, error) {
	pack := s.deps.Workflow.Pack()
	option := func(field, value, label string) choice {
		return choice{Value: value, Label: label, Chosen: typed.Get(field) == value}
	}
	one := func(field, label string, options []choice) searchGroup {
		return searchGroup{Name: field, Label: label, Groups: []choiceGroup{{Choices: options}}}
	}
	words := func(field, prefix string, values []string) (out []choice) {
		for _, v := range values {
			out = append(out, option(field, v, s.text(c, prefix+v)))
		}
		return out
	}
	var causes, codes, offices, operators []choice
	for _, cause := range pack.Causes() {
		label := cause.Text.In(lang(c))
		causes = append(causes, option("reason", "cause:"+cause.Code, label))
	}
	for _, code := range []int{0, 1, 2, 3, 4, 5, 6, 9} {
		codes = append(codes, option("reason", "rfc:"+strconv.Itoa(code), rfcReason(code)))
	}
	for _, o := range pack.Offices {
		offices = append(offices, option("office", string(o.Code), o.Name.In(lang(c))))
	}
	all, err := tx.Operators()
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		operators = append(operators, option("operator", strconv.FormatInt(int64(o.ID), 10), o.Person.Name(lang(c)).Short()))
	}
	return []searchGroup{
		{Name: "reason", Label: "word.reason", Groups: []choiceGroup{{Name: "audit.reason.people", Choices: causes}, {Name: "audit.reason.rfc", Choices: codes}}},
		one("way", "audit.way", words("way", "revocation.way.", wordsOf(registry.ReportWays[:]))),
		one("operator", "audit.operator", operators),
		one("office", "office.office", offices),
		one("channel", "audit.channel", words("channel", "channel.", []string{string(registry.Office), string(registry.Remote)})),
		one("storage", "storage.storage", words("storage", "storage.", []string{string(registry.Rutoken), string(registry.ECloud)})),
	}, nil
}

func wordsOf[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
