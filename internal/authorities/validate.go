package authorities

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// validate checks what the shape cannot: values, references, conditions. Its
// findings carry the line of the block they are in.
func (d *decoder) validate(p *Pack) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil || p.TimeZone == "" || p.TimeZone == "Local" {
		d.errorf(d.lineOf("time_zone"), "time_zone %q is unknown", p.TimeZone)
		return
	}
	p.zone = zone
	p.calendar = registry.NewCalendar(zone, d.days(p))
	if !upperWord.MatchString(p.Code) {
		d.errorf(d.lineOf("code"), "code %q is not a word of capital letters", p.Code)
	}
	d.checkAuthority(p)
	d.checkLogin(p)
	d.checkTokens(p)
	d.checkOffices(p)
	d.checkOperations(p)
	d.checkRemote(p)
	d.checkTimes(p)
	d.checkMoney(p)
	d.checkPrices(p)
	d.checkCertificate(p)
	d.checkItems(p)
	d.checkLists(p)
}

var (
	upperWord  = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	itemCode   = regexp.MustCompile(`^[A-Z]+(-[A-Z0-9]+)+$`)
	lowerWord  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	ruleID     = regexp.MustCompile(`^(DT|UB|LG|EN|A)-[0-9]{2}$`)
	ambiguity  = regexp.MustCompile(`^A-[0-9]{2}$`)
	dottedOID  = regexp.MustCompile(`^[012](\.(0|[1-9][0-9]*))+$`)
	httpsURL   = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/\S*)?$`)
	inserted   = regexp.MustCompile(`\{[^}]*\}?`)
	insertable = []string{"{head}", "{accountant}", "{trusted}", "{office}", "{changed}", "{reason}"}
)

// lineOf is the line of a top-level key.
func (d *decoder) lineOf(key string) int { return max(d.lines[key], 1) }

// among reports a value that is not allowed.
func among[T ~string](d *decoder, line int, what string, v T, allowed ...T) bool {
	if !slices.Contains(allowed, v) {
		d.errorf(line, "%s %q is not one of %s", what, v, list(allowed))
		return false
	}
	return true
}

// unique reports values that stand twice.
func unique[T ~string](d *decoder, line int, what string, vs []T) {
	for i, v := range vs {
		if slices.Contains(vs[:i], v) {
			d.errorf(line, "%s %q stands twice", what, v)
		}
	}
}

func (d *decoder) checkAuthority(p *Pack) {
	line := d.lineOf("authority")
	if len(p.Authority.Phones) == 0 || len(p.Authority.Sites) == 0 {
		d.errorf(line, "a phone and a site are needed")
	}
	for _, s := range p.Authority.Phones {
		if n, err := registry.ParsePhone(s); err != nil || n != s {
			d.errorf(line, "phone %q is not +996 and 9 digits", s)
		}
	}
	if e, err := registry.ParseEmail(p.Authority.Email); p.Authority.Email != "" && (err != nil || e != p.Authority.Email) {
		d.errorf(line, "email %q is not an address", p.Authority.Email)
	}
	for _, s := range p.Authority.Sites {
		if !httpsURL.MatchString(s) {
			d.errorf(line, "site %q is not an https address", s)
		}
	}
	for _, w := range [...]struct {
		name string
		word Word
	}{{"sig", p.Words.Sig}, {"mark", p.Words.Mark}, {"system", p.Words.System}} {
		c := w.word.Ky
		for _, form := range [...]string{c.Nom, c.Gen, c.Dat, c.Acc, c.Loc, c.Abl} {
			if form == "" {
				d.errorf(c.Line, "words.%s.ky needs all six cases", w.name)
				break
			}
		}
	}
}

func (d *decoder) checkTokens(p *Pack) {
	line, t := d.lineOf("tokens"), p.Tokens
	if !t.LeastRelease.AtLeast("1.0") {
		d.errorf(line, "least_release %q is not a release like 2.0", t.LeastRelease)
	}
	if t.LeastMemory < 0 {
		d.errorf(line, "least_memory %d is below zero", t.LeastMemory)
	}
	if len(t.Algorithms) == 0 {
		d.errorf(line, "an algorithm of keys is needed")
	}
	for _, a := range t.Algorithms {
		among(d, line, "algorithm", a, registry.RSA2048, registry.P256)
	}
	unique(d, line, "algorithm", t.Algorithms)
}

func (d *decoder) checkLogin(p *Pack) {
	line, l := d.lineOf("login"), p.Login
	for _, s := range l.Steps {
		among(d, line, "step", s, loginOrder...)
	}
	unique(d, line, "step", l.Steps)
	if slices.Contains(l.Steps, StepCompany) != l.CompanyStep {
		d.errorf(line, "company_step and steps contradict each other")
	}
	if slices.Contains(l.Steps, StepCertificate) != l.CertificateStep {
		d.errorf(line, "certificate_step and steps contradict each other")
	}
	for _, s := range []LoginStep{StepCarrier, StepDevice, StepPINCode} {
		if !slices.Contains(l.Steps, s) {
			d.errorf(line, "steps: %s is missing", s)
		}
	}
	if !slices.IsSortedFunc(l.Steps, func(a, b LoginStep) int { return slices.Index(loginOrder, a) - slices.Index(loginOrder, b) }) {
		d.errorf(line, "steps stand in the order %s", list(loginOrder))
	}
	among(d, line, "post_login_page", l.PostLoginPage, LandOnNews, LandOnArchive)
	if l.PINCodeTries < 1 || l.PINCodeTries > 10 {
		d.errorf(line, "pin_code_tries is 1 to 10, not %d", l.PINCodeTries)
	}
}

func (d *decoder) checkOffices(p *Pack) {
	codes := make([]registry.OfficeCode, 0, len(p.Offices))
	for _, o := range p.Offices {
		if !upperWord.MatchString(string(o.Code)) || o.Code == none {
			d.errorf(o.Line, "office code %q is not a word of capital letters", o.Code)
		}
		if n, err := registry.ParsePhone(o.Phone); o.Phone != "" && (err != nil || n != o.Phone) {
			d.errorf(o.Line, "phone %q is not +996 and 9 digits", o.Phone)
		}
		codes = append(codes, o.Code)
	}
	unique(d, d.lineOf("offices"), "office", codes)
	among(d, d.lineOf("head_office"), "head_office", p.HeadOffice, codes...)
}

func (d *decoder) checkOperations(p *Pack) {
	line := d.lineOf("operations")
	ops := make([]registry.Operation, 0, len(p.Operations))
	for _, o := range p.Operations {
		ops = append(ops, o.Operation)
		among(d, o.Line, "operation", o.Operation, registry.FirstIssue, registry.Renewal, registry.Reissue)
		among(d, o.Line, "basis", o.Basis, registry.BasisSeed, registry.BasisInferred)
		if o.Ambiguity != "" && !ambiguity.MatchString(o.Ambiguity) {
			d.errorf(o.Line, "ambiguity %q is not like A-05", o.Ambiguity)
		}
		for _, c := range o.Channels {
			among(d, o.Line, "channel", c, registry.Office, registry.Remote)
		}
		unique(d, o.Line, "channel", o.Channels)
		if !slices.Contains(o.Channels, registry.Office) {
			d.errorf(o.Line, "every operation can be done in the office")
		}
		if o.PublicOrder && o.Operation == registry.Renewal {
			d.errorf(o.Line, "public_order is not for RENEWAL: whoever renews logs in")
		}
		if (o.Operation == registry.Reissue) != (len(o.Reasons) > 0) {
			d.errorf(o.Line, "reasons are for REISSUE, which needs them")
		}
		if o.Basis == registry.BasisSeed && len(o.Rules) == 0 {
			d.errorf(o.Line, "what the authority has published names its rules")
		}
		var reasons []registry.ReissueReason
		for _, r := range o.Reasons {
			reasons = append(reasons, r.Code)
			among(d, r.Line, "reason", r.Code, reissueReasons[:]...)
			d.checkRules(r.Line, r.Rules)
			if r.Code == registry.ReasonExpired && r.Revoke {
				d.errorf(r.Line, "an expired certificate is never revoked (A-35)")
			}
			cause, known := p.RevocationCause(r.Cause)
			if r.Revoke && (!known || cause.RFC5280 == reasonHold) {
				d.errorf(r.Line, "reason %s revokes: its cause must be one of the revocation causes", r.Code)
			}
			if r.Asks != nil && p.Documents.Extra == nil {
				d.errorf(r.Line, "reason %s asks for a document besides the list: documents.extra says how it is named", r.Code)
			}
		}
		unique(d, o.Line, "reason", reasons)
		d.checkRules(o.Line, o.Rules)
	}
	unique(d, line, "operation", ops)
	if len(ops) == 0 {
		d.errorf(line, "an operation is needed")
	}
	if len(p.Storages) == 0 {
		d.errorf(d.lineOf("storages"), "a storage is needed")
	}
	for _, s := range p.Storages {
		among(d, d.lineOf("storages"), "storage", s, registry.Rutoken, registry.ECloud)
	}
	unique(d, d.lineOf("storages"), "storage", p.Storages)
	if len(p.Applicants.Kinds) == 0 {
		d.errorf(d.lineOf("applicants"), "a kind of applicants is needed")
	}
	for _, k := range p.Applicants.Kinds {
		among(d, d.lineOf("applicants"), "kind", k, registry.LegalEntity, registry.SoleEntrepreneur)
	}
	d.checkRules(d.lineOf("applicants"), p.Applicants.Rules)
}

// checkReasons wants words for each reason that may close the remote way.
func (d *decoder) checkReasons(p *Pack) {
	if len(p.Remote.Operations) == 0 {
		return
	}
	want := []registry.BlockingReason{registry.StorageNotECloud, registry.CertificateExpired, registry.CertificateRevoked}
	for _, r := range p.Remote.Blocking {
		want = append(want, registry.RequisiteChanged(r))
	}
	if p.Remote.ReplacedCountsAs != "" {
		want = append(want, SignatoryReplaced)
	}
	var have []registry.BlockingReason
	for _, r := range p.Remote.Reasons {
		have = append(have, r.Code)
	}
	line := d.lineOf("remote")
	unique(d, line, "remote reason", have)
	for _, w := range want {
		if !slices.Contains(have, w) {
			d.errorf(line, "remote.reasons has no words for %s", w)
		}
	}
}

func (d *decoder) checkRemote(p *Pack) {
	d.checkReasons(p)
	line, r := d.lineOf("remote"), p.Remote
	for _, o := range p.Operations {
		if slices.Contains(o.Channels, registry.Remote) != slices.Contains(r.Operations, o.Operation) {
			d.errorf(o.Line, "the channels of %s and remote.operations contradict each other", o.Operation)
		}
		if o.Operation == registry.FirstIssue && slices.Contains(o.Channels, registry.Remote) {
			d.errorf(o.Line, "a first issue has no certificate to sign a remote order with")
		}
	}
	for _, o := range r.Operations {
		if _, ok := p.Operation(o); !ok {
			d.errorf(line, "remote operation %q is not among the operations", o)
		}
	}
	for _, s := range r.Storages {
		among(d, line, "remote storage", s, p.Storages...)
	}
	if (len(r.Operations) > 0) != (len(r.Storages) > 0) {
		d.errorf(line, "a remote way needs both operations and storages")
	}
	for _, b := range r.Blocking {
		among(d, line, "blocking requisite", b, registry.Requisites[:]...)
	}
	unique(d, line, "blocking requisite", r.Blocking)
	if r.ReplacedCountsAs != "" {
		among(d, line, "replaced_counts_as", r.ReplacedCountsAs, r.Blocking...)
	}
	d.checkRules(line, r.Rules)
}

const mostReminderDays = int(registry.ReminderHorizon / (24 * time.Hour))

func (d *decoder) checkTimes(p *Pack) {
	line, t := d.lineOf("times"), p.Times
	for _, n := range [...]struct {
		what      string
		n, atMost int
	}{{"prepare_hours", t.PrepareHours, 24 * 60}, {"issue_business_days", t.IssueBusinessDays, 30}, {"revoke_hours", t.RevokeHours, 24 * 30}} {
		if n.n < 0 || n.n > n.atMost {
			d.errorf(line, "%s is 0 to %d, not %d", n.what, n.atMost, n.n)
		}
	}
	if len(t.ReminderDays) == 0 || t.ReminderDays[0] < 8 || t.ReminderDays[0] > mostReminderDays {
		d.errorf(line, "the first reminder is 8 to %d days before the end (A-22)", mostReminderDays)
	}
	for i, n := range t.ReminderDays {
		if n < 1 || i > 0 && n >= t.ReminderDays[i-1] {
			d.errorf(line, "reminder_days fall, each at least 1")
			break
		}
	}
	if t.UnpaidDays < 0 || t.UnpaidDays > 365 || t.UnpaidWarnDays < 0 || t.UnpaidDays > 0 && t.UnpaidWarnDays >= t.UnpaidDays {
		d.errorf(line, "unpaid_days is 0 (never) to 365, and unpaid_warn_days fewer")
	}
	d.checkRules(line, t.Rules)
}

func (d *decoder) checkMoney(p *Pack) {
	line, m := d.lineOf("money"), p.Money
	if m.LargeTopUp <= 0 {
		d.errorf(line, "large_top_up_som is more than 0")
	}
	if m.RefundPercent < 0 || m.RefundPercent > 100 {
		d.errorf(line, "refund_percent is 0 to 100, not %d", m.RefundPercent)
	}
	if m.RefundIssuedPercent < 0 || m.RefundIssuedPercent > 100 {
		d.errorf(line, "refund_issued_percent is 0 to 100, not %d", m.RefundIssuedPercent)
	}
	ways := make([]registry.PaymentWay, 0, len(m.Ways))
	for _, w := range m.Ways {
		among(d, line, "payment way", w.Way, registry.BankTransfer, registry.CashDesk, registry.Terminal)
		ways = append(ways, w.Way)
	}
	unique(d, line, "payment way", ways)
	d.checkRules(line, m.Rules)
}

func (d *decoder) checkPrices(p *Pack) {
	if len(p.Prices) == 0 {
		d.errorf(d.lineOf("prices"), "a price list is needed")
	}
	for i, l := range p.Prices {
		if i > 0 && l.From.Compare(p.Prices[i-1].From) <= 0 {
			d.errorf(l.Line, "price lists stand in the order of their first days")
		}
		if !l.Until.IsZero() && l.Until.Compare(l.From) < 0 {
			d.errorf(l.Line, "the list ends before it begins")
		}
		var codes []string
		for _, pr := range l.Prices {
			codes = append(codes, pr.Code)
			if !upperWord.MatchString(pr.Code) {
				d.errorf(pr.Line, "price code %q is not a word of capital letters", pr.Code)
			}
			among(d, pr.Line, "storage", pr.Storage, p.Storages...)
			for _, r := range pr.Roles {
				among(d, pr.Line, "role", r, registry.Head, registry.Accountant, registry.HeadAsAccountant)
			}
		}
		unique(d, l.Line, "price", codes)
		for _, s := range p.Storages {
			for _, r := range [...]registry.SignatoryRole{registry.Head, registry.Accountant, registry.HeadAsAccountant} {
				n := 0
				for _, pr := range l.Prices {
					if pr.Storage == s && slices.Contains(pr.Roles, r) {
						n++
					}
				}
				if n != 1 {
					d.errorf(l.Line, "%s on %s has %d prices, not one", r, s, n)
				}
			}
		}
	}
}

func (d *decoder) checkCertificate(p *Pack) {
	line, c := d.lineOf("certificate"), p.Certificate
	among(d, line, "validity_anchor", c.Anchor, registry.FromManufacture, registry.FromPredecessorEnd)
	among(d, line, "name_language", c.NameLanguage, registry.Languages[:]...)
	for _, oid := range [...]string{c.HolderPolicy, c.OperatorPolicy} {
		if !dottedOID.MatchString(oid) || slices.ContainsFunc(strings.Split(oid, "."), func(arc string) bool {
			_, err := strconv.ParseInt(arc, 10, 32)
			return err != nil
		}) {
			d.errorf(line, "policy %q is not a dotted object identifier", oid)
		}
	}
	if c.HolderPolicy == c.OperatorPolicy {
		d.errorf(line, "holders and operators need policies of their own")
	}
	if c.CRLGraceDays < 1 || c.CRLGraceDays > 3660 {
		d.errorf(line, "crl_grace_days is 1 to 3660, not %d", c.CRLGraceDays)
	}
	d.checkRules(line, c.Rules)
	if p.Documents.M2ADays < 1 || p.Documents.M2ADays > 366 {
		d.errorf(d.lineOf("documents"), "m2a_days is 1 to 366, not %d", p.Documents.M2ADays)
	}
}

func (d *decoder) checkItems(p *Pack) {
	codes := make([]string, 0, len(p.Items))
	used := map[string][]string{}
	for i := range p.Items {
		it := &p.Items[i]
		codes = append(codes, it.Code)
		if !itemCode.MatchString(it.Code) {
			d.errorf(it.Line, "item code %q is not like DT-HEAD-ID", it.Code)
		}
		among(d, it.Line, "form", it.Form, registry.DocumentForms[:]...)
		among(d, it.Line, "subject", it.Subject, registry.Subjects[:]...)
		among(d, it.Line, "basis", it.Basis, registry.BasisSeed, registry.BasisInferred)
		if it.Ambiguity != "" && !ambiguity.MatchString(it.Ambiguity) {
			d.errorf(it.Line, "ambiguity %q is not like A-05", it.Ambiguity)
		}
		if len(it.Rules) == 0 {
			d.errorf(it.Line, "an item names its rules")
		}
		d.checkRules(it.Line, it.Rules)
		for _, c := range it.Checks {
			d.checkRules(it.Line, c.Rules)
			if !lowerWord.MatchString(c.Code) {
				d.errorf(it.Line, "check code %q is not a small word", c.Code)
			}
		}
		for _, l := range registry.Languages {
			if strings.Contains(it.Label.In(l)+it.Why.In(l), "{reason}") {
				d.errorf(it.Line, "{reason} is for documents.extra only")
			}
		}
		if it.Download != "" {
			among(d, it.Line, "download", it.Download, allForms[:]...)
		}
		d.checkParts(p, it)
		d.checkCondition(p, it.When)
		if it.When != nil {
			it.When.collect(used)
		}
	}
	unique(d, d.lineOf("items"), "item", codes)
	if x := p.Documents.Extra; x != nil {
		among(d, x.Line, "form", x.Form, registry.FormCopy, registry.FormCopyBothSides, registry.FormOriginal)
		d.checkRules(x.Line, x.Rules)
		if !itemCode.MatchString(x.Prefix + "1") {
			d.errorf(x.Line, "prefix %q is not like UB-EXTRA-", x.Prefix)
		}
		for _, code := range codes {
			if strings.HasPrefix(code, x.Prefix) {
				d.errorf(x.Line, "prefix %q begins the code of item %s", x.Prefix, code)
			}
		}
	}
	for name, s := range p.Switches {
		if !lowerWord.MatchString(name) || !ambiguity.MatchString(s.Ambiguity) {
			d.errorf(s.Line, "switch %q: a small word, and an ambiguity like A-07, are needed", name)
		}
		if used["switch."+name] == nil {
			d.errorf(s.Line, "switch %q is asked for by no condition", name)
		}
	}
}

func (d *decoder) checkParts(p *Pack, it *Item) {
	if (it.Form == registry.FormPackage) != (it.PartsOf != "") {
		d.errorf(it.Line, "parts_of is for a PACKAGE, which needs it")
	}
	if it.PartsOf == "" {
		return
	}
	if _, ok := p.Operation(it.PartsOf); !ok {
		d.errorf(it.Line, "parts_of %q is not among the operations", it.PartsOf)
	}
	if it.When == nil || it.When.mayHold("operation", string(it.PartsOf)) {
		d.errorf(it.Line, "a PACKAGE may not be a part of itself: its condition excludes operation %s", it.PartsOf)
	}
}

// mayHold says whether the condition's own lines let a fact have a value.
func (c *Condition) mayHold(fact, value string) bool {
	for _, t := range c.terms {
		if t.fact == fact && !slices.Contains(t.values, value) {
			return false
		}
	}
	return true
}

func (d *decoder) checkLists(p *Pack) {
	rejections, causes := make([]string, 0, len(p.Rejections)), make([]string, 0, len(p.Revocation))
	for _, r := range p.Rejections {
		rejections = append(rejections, r.Code)
	}
	unique(d, d.lineOf("rejections"), "rejection", rejections)
	for _, c := range p.Revocation {
		causes = append(causes, c.Code)
		// RFC 5280 §5.3.1: 7 is not used, 8 stands in delta CRLs only, 10 is
		// for attribute certificates.
		if !slices.Contains([]int{0, 1, 2, 3, 4, 5, 6, 9}, c.RFC5280) {
			d.errorf(c.Line, "%d is not a revocation reason of a certificate", c.RFC5280)
		}
	}
	unique(d, d.lineOf("revocation_causes"), "revocation cause", causes)
	if len(p.Causes()) == 0 {
		d.errorf(d.lineOf("revocation_causes"), "a cause of a revocation is needed")
	}
	for _, s := range p.Stated {
		d.checkRules(s.Line, s.Rules)
		if len(s.Rules) == 0 {
			d.errorf(s.Line, "a statement names its rules")
		}
		among(d, s.Line, "where", s.Where, places[:]...)
		if s.Download != "" {
			among(d, s.Line, "download", s.Download, allForms[:]...)
		}
		if s.URL != "" && !httpsURL.MatchString(s.URL) {
			d.errorf(s.Line, "url %q is not an https address", s.URL)
		}
	}
	d.checkRules(d.lineOf("documents"), p.Documents.Rules)
	d.checkRules(d.lineOf("login"), p.Login.Rules)
	d.checkRules(d.lineOf("tokens"), p.Tokens.Rules)
}

func (d *decoder) checkRules(line int, rules []registry.RuleID) {
	for _, r := range rules {
		if !ruleID.MatchString(string(r)) {
			d.errorf(line, "rule %q is not like DT-07", r)
		}
	}
	unique(d, line, "rule", rules)
}
