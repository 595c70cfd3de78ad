package authorities

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// answer is what the rules say of one case.
type answer struct {
	ID              string                    `json:"id"`
	Channel         registry.Channel          `json:"effective_channel"`
	RemoteEligible  bool                      `json:"remote_eligible"`
	BlockingReasons []registry.BlockingReason `json:"blocking_reasons"`
	ChecklistCodes  []string                  `json:"checklist_codes"` // sorted
	MustRevokeOld   bool                      `json:"must_revoke_old"`
	SLA             slaAnswer                 `json:"sla"`
	Charge          *chargeAnswer             `json:"charge"`
	NewCertificate  *termAnswer               `json:"new_certificate"`
}

type slaAnswer struct {
	PrepareBy    string `json:"prepare_by,omitempty"`     // RFC 3339
	RevokeBy     string `json:"revoke_by,omitempty"`      // RFC 3339
	IssueDueDate string `json:"issue_due_date,omitempty"` // YYYY-MM-DD
	Basis        string `json:"basis,omitempty"`
}

// chargeAnswer is what acceptance takes. A refused acceptance takes nothing
// and says what is missing.
type chargeAnswer struct {
	When    string         `json:"when"`
	Amount  registry.Tyiyn `json:"amount_tyiyn"`
	After   registry.Tyiyn `json:"balance_after_tyiyn"`
	Refused string         `json:"refused,omitempty"`
	Missing registry.Tyiyn `json:"missing_tyiyn,omitempty"`
}

type termAnswer struct {
	from, until time.Time
	zone        *time.Location
	probes      []probe
}

// MarshalJSON writes the term in the authority's zone and an answer for each
// day that was asked for.
func (t *termAnswer) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"usable_from":%q,"usable_until":%q`, stamp(t.from, t.zone), stamp(t.until, t.zone))
	for _, p := range t.probes {
		usable := !p.at.Before(t.from) && !p.at.After(t.until)
		fmt.Fprintf(&b, `,%q:%t`, p.key, usable)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func stamp(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.RFC3339Nano) }

// shipped are the embedded packs by their codes; packs are immutable.
var shipped = sync.OnceValues(func() (map[string]*Pack, error) {
	packs := map[string]*Pack{}
	for _, name := range Names {
		p, err := Load(name)
		if err != nil {
			return nil, err
		}
		packs[p.Code] = p
	}
	return packs, nil
})

// maxCases is the largest case file, in bytes.
const maxCases = 16 << 20

// Check reads cases in the shape of the domain's cases.json and answers each
// as `tamga rules check` prints it: one JSON array, indented, ending in a line
// feed. What cannot be read (an unknown key or value, a missing field, a date
// that does not exist, a contradiction) is an error that names every case and
// field; nothing is answered then.
//
// Of a case's `expected` only the names usable_at_<day> under new_certificate
// are read, as questions; it may be left out, as may title, meta and
// document_catalogue.
func Check(r io.Reader) ([]byte, error) {
	raw, err := readAll(r, maxCases)
	if err != nil {
		return nil, err
	}
	packs, err := shipped()
	if err != nil {
		return nil, err
	}
	file := newObject("", raw, nil)
	file.maybe("meta")
	file.maybe("document_catalogue")
	var raws []json.RawMessage
	file.required("cases", &raws)
	file.done()
	answers := []answer{}
	var seen []string
	for i, raw := range raws {
		o := newObject(fmt.Sprintf("cases[%d]", i), raw, file.found)
		before := len(*file.found)
		c := readCase(o, packs)
		if slices.Contains(seen, c.id) {
			o.problem("id", "stands twice")
		}
		seen = append(seen, c.id)
		if len(*file.found) == before {
			answers = append(answers, c.answer())
		}
	}
	if len(*file.found) > 0 {
		return nil, errors.New("cases that cannot be read:\n" + strings.Join(*file.found, "\n"))
	}
	out, err := json.MarshalIndent(answers, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return append(out, '\n'), nil
}

func (c *testCase) answer() answer {
	p, zone := c.pack, c.pack.zone
	f, el := p.Effective(registry.FactsOf(&c.declaration), c.submitted)
	d := p.Deadlines(f, registry.Moments{SentAt: c.submitted, AcceptedAt: c.accepted})
	a := answer{
		ID: c.id, Channel: f.Channel, RemoteEligible: el.Eligible, BlockingReasons: el.Blocking,
		ChecklistCodes: registry.ChecklistCodes(p.Checklist(f)),
		MustRevokeOld:  p.MustRevokeOld(f, c.submitted),
		SLA:            slaAnswer{Basis: d.Basis},
	}
	if a.BlockingReasons == nil {
		a.BlockingReasons = []registry.BlockingReason{}
	}
	slices.Sort(a.ChecklistCodes)
	if d.PrepareBy != nil {
		a.SLA.PrepareBy = stamp(*d.PrepareBy, zone)
	}
	if d.RevokeBy != nil {
		a.SLA.RevokeBy = stamp(*d.RevokeBy, zone)
	}
	if !d.IssueDue.IsZero() {
		a.SLA.IssueDueDate = d.IssueDue.String()
	}
	a.Charge = c.charge(f)
	if moment := c.moment(f); moment != nil && (a.Charge == nil || a.Charge.Refused == "") {
		t := &termAnswer{zone: zone, probes: c.probes}
		t.from, t.until = p.Term(f, *moment)
		a.NewCertificate = t
	}
	return a
}

// charge is nil where nothing was accepted or the case is not about money. An
// online order that comes to the office was not accepted as an order.
func (c *testCase) charge(f registry.Facts) *chargeAnswer {
	inOffice := f.Channel == registry.Office
	if c.accepted == nil || c.balance == nil ||
		inOffice && (!c.pack.Money.OfficeToo || c.declaration.Channel == registry.Remote) {
		return nil
	}
	fee := c.price
	if fee == nil {
		q, err := c.pack.Price(f, *c.accepted)
		if err != nil {
			return nil
		}
		fee = &q.Total
	}
	ch := registry.ChargeOf(*c.balance, *fee)
	a := &chargeAnswer{When: "ON_ACCEPTANCE", Amount: ch.Amount, After: ch.After, Missing: ch.Missing}
	if ch.Missing > 0 {
		a.Refused = "INSUFFICIENT_BALANCE"
	}
	return a
}

// moment from which the new certificate's term is reckoned: its making, or,
// for a remote order whose term begins later anyway, its acceptance.
func (c *testCase) moment(f registry.Facts) *time.Time {
	if c.made == nil && f.Channel == registry.Remote {
		return c.accepted
	}
	return c.made
}
