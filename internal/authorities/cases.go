package authorities

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// testCase is one applicant of a case file, with what was asked of the answer.
type testCase struct {
	id          string
	pack        *Pack
	declaration registry.Declaration
	submitted   time.Time
	accepted    *time.Time
	made        *time.Time
	balance     *registry.Tyiyn
	price       *registry.Tyiyn
	// probes are the days on which the case asks whether the new certificate
	// is usable: the names of expected.new_certificate.usable_at_<day>.
	probes []probe
}

type probe struct {
	key string
	at  time.Time
}

// certificateStatus is as a case file spells it; whether a certificate has
// expired is reckoned from its end, not read.
type certificateStatus string

const (
	statusActive  certificateStatus = "ACTIVE"
	statusExpired certificateStatus = "EXPIRED"
	statusRevoked certificateStatus = "REVOKED"
)

func readCase(o *object, packs map[string]*Pack) testCase {
	c := testCase{}
	c.id = o.text("id")
	if c.id != "" {
		o.path = c.id
	}
	o.maybe("title")
	ca := choice(o, "ca", "DOSTEK", "UBR")
	c.pack = packs[ca]
	d := &c.declaration
	d.Operation = choice(o, "operation", registry.FirstIssue, registry.Renewal, registry.Reissue)
	d.Channel = choice(o, "requested_channel", registry.Office, registry.Remote)
	d.Storage = choice(o, "storage", registry.Rutoken, registry.ECloud)
	d.Office = choiceOrNull(o, "office", registry.OfficeCode("BISHKEK"), "OSH", "JALAL_ABAD")
	d.HeadActsAsAccountant = o.flag("head_acts_as_accountant")
	d.Changed = choices(o, "changed_requisites", registry.Requisites[:]...)
	d.Replaced = choices(o, "signatory_replaced", registry.Head, registry.Accountant)
	d.Reason = choiceOrNull(o, "reissue_reason", reissueReasons[:]...)
	c.submitted = o.instant("submitted_at")
	c.accepted = o.instantOrNull("accepted_at")
	c.made = o.instantOrNull("manufactured_at")
	c.balance = o.amount("balance_tyiyn")
	c.price = o.amount("price_tyiyn")
	if a := o.child("applicant"); a != nil {
		d.Organisation = readOrganisation(a)
	} else if _, there := o.fields["applicant"]; there {
		o.problem("applicant", "may not be null")
	}
	if p := readPerson(o, "head", c.submitted); p != nil {
		d.Head = *p
	} else if _, there := o.fields["head"]; there {
		o.problem("head", "may not be null")
	}
	d.Accountant = readPerson(o, "accountant", c.submitted)
	d.Trusted = readPerson(o, "trusted_person", c.submitted)
	d.Managing = readManaging(o)
	d.Predecessor = readCertificate(o)
	d.Extra = readExtra(o)
	if c.pack != nil {
		c.probes = readProbes(o, c.pack.zone)
	}
	o.done()
	if len(*o.found) == 0 {
		c.agree(o)
	}
	return c
}

// agree finds what contradicts itself or the authority.
func (c *testCase) agree(o *object) {
	d := &c.declaration
	op, ok := c.pack.Operation(d.Operation)
	switch {
	case !ok:
		o.problem("operation", "%s does not do %s", c.pack.Code, d.Operation)
	case d.Operation != registry.Reissue && d.Reason != "":
		o.problem("reissue_reason", "is for a REISSUE only")
	case d.Operation == registry.Reissue && !slices.ContainsFunc(op.Reasons, func(r Reason) bool { return r.Code == d.Reason }):
		o.problem("reissue_reason", "%q is not a reason for a reissue at %s", d.Reason, c.pack.Code)
	}
	if d.Operation != registry.FirstIssue && d.Predecessor == nil {
		o.problem("current_certificate", "a %s needs the certificate it follows", d.Operation)
	}
	if !slices.Contains(c.pack.Applicants.Kinds, d.Organisation.Kind) {
		o.problem("applicant.kind", "%s does not serve %s", c.pack.Code, d.Organisation.Kind)
	}
	if len(d.Extra) > 0 && c.pack.Documents.Extra == nil {
		o.problem("additional_documents_requested", "%s demands no additional documents", c.pack.Code)
	}
	if c.accepted != nil && c.accepted.Before(c.submitted) {
		o.problem("accepted_at", "is before submitted_at")
	}
	if c.made != nil && (c.made.Before(c.submitted) || c.accepted != nil && c.made.Before(*c.accepted)) {
		o.problem("manufactured_at", "is before the acceptance")
	}
}

func readOrganisation(o *object) registry.OrganisationRequisites {
	r := registry.OrganisationRequisites{
		Kind:   choice(o, "kind", registry.LegalEntity, registry.SoleEntrepreneur),
		FormRu: o.text("form_ru"), FormKy: o.text("form_ky"),
		NameRu: o.text("name_ru"), NameKy: o.text("name_ky"), NameLatin: o.textOrNull("name_latin"),
		RegistrationDate: o.day("registration_date", true),
		OKPO:             o.textOrNull("okpo"), SocialFundNo: o.textOrNull("social_fund_reg_no"),
		Phone: o.textOrNull("phone"), Email: o.textOrNull("email"),
	}
	r.INN = readINN(o, "inn")
	if s := o.child("settlement"); s != nil {
		r.Settlement = registry.Settlement{Code: s.text("code"), Ru: s.text("ru"), Ky: s.text("ky"), Region: s.textOrNull("region")}
		s.done()
	}
	o.done()
	return r
}

func readINN(o *object, key string) registry.INN {
	s := o.text(key)
	n, err := registry.ParseINN(s)
	if s != "" && (err != nil || string(n) != s) {
		o.problem(key, "%q is not 14 digits", s)
	}
	return n
}

var (
	alpha3   = regexp.MustCompile(`^[A-Z]{3}$`)
	language = regexp.MustCompile(`^[a-z]{2,3}$`)
)

func readPerson(parent *object, key string, now time.Time) *registry.PersonRequisites {
	o := parent.child(key)
	if o == nil {
		return nil
	}
	p := &registry.PersonRequisites{
		NameRu:     registry.SplitName(o.text("full_name_ru")),
		NameKy:     registry.SplitName(o.text("full_name_ky")),
		Latin:      o.textOrNull("latin_as_in_document"),
		Sex:        choice(o, "sex", registry.Female, registry.Male),
		BirthDate:  o.day("birth_date", false),
		PositionRu: o.textOrNull("position_ru"), PositionKy: o.textOrNull("position_ky"),
	}
	p.Citizenship = o.text("citizenship")
	if p.Citizenship != "" && !alpha3.MatchString(p.Citizenship) {
		o.problem("citizenship", "%q is not a code of three capital letters", p.Citizenship)
	}
	if s := o.textOrNull("pin"); s != "" {
		n, err := registry.ParsePersonalNumber(s, now)
		if err != nil || string(n) != s {
			o.problem("pin", "%q is not a personal number", s)
		}
		p.PersonalNumber = n
	}
	if doc := o.child("document"); doc != nil {
		p.Document = registry.IdentityDocument{
			Type:   registry.IdentityDocumentType(choice(doc, "type", "ID_CARD", "PASSPORT", "FOREIGN_PASSPORT")),
			Series: doc.textOrNull("series"), Number: doc.text("number"),
		}
		doc.required("languages", &p.Document.Languages)
		for _, l := range p.Document.Languages {
			if !language.MatchString(l) {
				doc.problem("languages", "%q is not a language code", l)
			}
		}
		doc.done()
	} else if _, there := o.fields["document"]; there {
		o.problem("document", "may not be null")
	}
	o.done()
	return p
}

func readManaging(parent *object) *registry.ManagingOrganisation {
	o := parent.child("managing_organisation")
	if o == nil {
		return nil
	}
	m := &registry.ManagingOrganisation{NameRu: o.text("name_ru"), NameKy: o.text("name_ky"), INN: readINN(o, "inn")}
	o.maybe("form_ru")
	o.maybe("form_ky")
	kind := choice(o, "kind", "ORGANISATION", "INDIVIDUAL", string(registry.SoleEntrepreneur), string(registry.LegalEntity))
	m.Individual = kind == "INDIVIDUAL" || kind == string(registry.SoleEntrepreneur)
	o.done()
	return m
}

func readCertificate(parent *object) *registry.Predecessor {
	o := parent.child("current_certificate")
	if o == nil {
		return nil
	}
	p := &registry.Predecessor{
		Serial:    registry.Serial(o.text("serial")),
		NotBefore: o.instant("not_before"), NotAfter: o.instant("not_after"),
		Revoked: choice(o, "status", statusActive, statusExpired, statusRevoked) == statusRevoked,
	}
	if !p.NotBefore.Before(p.NotAfter) {
		o.problem("not_after", "is not after not_before")
	}
	o.done()
	return p
}

var extraCode = regexp.MustCompile(`^UB-EXTRA-[1-9][0-9]{0,3}$`)

func readExtra(parent *object) []registry.ExtraDocument {
	var raws []json.RawMessage
	parent.required("additional_documents_requested", &raws)
	out := make([]registry.ExtraDocument, 0, len(raws))
	for _, raw := range raws {
		o := newObject(parent.path+".additional_documents_requested", raw, parent.found)
		x := registry.ExtraDocument{Code: o.text("code"), Title: o.text("requested_title_ru")}
		o.text("requested_title_ky")
		if x.Code != "" && !extraCode.MatchString(x.Code) {
			o.problem("code", "%q is not UB-EXTRA-n", x.Code)
		}
		if slices.ContainsFunc(out, func(y registry.ExtraDocument) bool { return y.Code == x.Code }) {
			o.problem("code", "%q stands twice", x.Code)
		}
		o.done()
		out = append(out, x)
	}
	return out
}

const probeKey = "usable_at_"

// readProbes takes the questions, and only them, out of what the case
// expects.
func readProbes(parent *object, zone *time.Location) []probe {
	raw, ok := parent.maybe("expected")
	if !ok {
		return nil
	}
	raw, ok = newObject(parent.path+".expected", raw, parent.found).maybe("new_certificate")
	if !ok {
		return nil
	}
	o := newObject(parent.path+".expected.new_certificate", raw, parent.found)
	var out []probe
	for key := range o.fields {
		day, ok := strings.CutPrefix(key, probeKey)
		if !ok {
			continue
		}
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			d, err := registry.ParseDate(day)
			if err != nil {
				o.problem(key, "%q is neither a day nor an instant", day)
				continue
			}
			at = d.Start(zone)
		}
		out = append(out, probe{key, at})
	}
	slices.SortFunc(out, func(a, b probe) int { return strings.Compare(a.key, b.key) })
	return out
}
