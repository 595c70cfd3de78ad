package authorities

import (
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Pack is one authority's rules. It is immutable once parsed; use its methods
// for anything that depends on an applicant.
type Pack struct {
	// Name is the file's: "dostek"; Code is the authority's in case files:
	// "DOSTEK".
	Name string `yaml:"-"`
	Code string `yaml:"code"`

	Authority Authority `yaml:"authority"`
	Words     Words     `yaml:"words"`
	Login     Login     `yaml:"login"`
	Tokens    Tokens    `yaml:"tokens"`
	Offices   []Office  `yaml:"offices"`
	// HeadOffice is the one preselected.
	HeadOffice registry.OfficeCode `yaml:"head_office"`

	Operations []Operation        `yaml:"operations"`
	Storages   []registry.Storage `yaml:"storages"`
	Applicants Applicants         `yaml:"applicants"`
	Remote     Remote             `yaml:"remote"`
	Times      Times              `yaml:"times"`
	Money      Money              `yaml:"money"`
	Prices     []PriceList        `yaml:"prices"`
	// Certificate holds the validity anchor, policy OIDs and usage.
	Certificate CertificateRules `yaml:"certificate"`
	Documents   DocumentRules    `yaml:"documents"`
	// Switches are the yes/no readings of domain.md §5 that conditions ask
	// for as "switch.<name>".
	Switches   map[string]Switch `yaml:"switches"`
	Items      []Item            `yaml:"items"`
	Rejections []Rejection       `yaml:"rejections"`
	Revocation []RevocationCause `yaml:"revocation_causes"`
	Holidays   []Holiday         `yaml:"holidays"`
	TimeZone   string            `yaml:"time_zone"`
	// Stated are rules of the authority that are texts, links or conduct
	// rather than conditions, each with where it is shown.
	Stated []Statement `yaml:"stated"`

	hash     string
	source   string
	zone     *time.Location
	calendar *registry.Calendar
}

// Authority is the CA as people know it.
type Authority struct {
	Name  registry.Text `yaml:"name"`
	Short registry.Text `yaml:"short"`
	// Phones of technical support, E.164, in the order shown.
	Phones []string `yaml:"phones"`
	Sites  []string `yaml:"sites"` // https URLs; the first is the home page
	// Email of technical support.
	Email string `yaml:"email,optional"`
	// Scope says what support answers and what it does not (LG-16).
	Scope registry.Text `yaml:"support_scope"`
	// Notice says what the certificates of a demonstration are worth.
	Notice registry.Text `yaml:"notice"`
}

// Cases are a word's forms (glossary R3). Languages without cases fill Nom
// only; the others then repeat it.
type Cases struct {
	Nom  string `yaml:"nom"`
	Gen  string `yaml:"gen,optional"`
	Dat  string `yaml:"dat,optional"`
	Acc  string `yaml:"acc,optional"`
	Loc  string `yaml:"loc,optional"`
	Abl  string `yaml:"abl,optional"`
	Line int    `yaml:"-"`
}

// Word is a word in the three languages.
type Word struct {
	Ky Cases `yaml:"ky"`
	Ru Cases `yaml:"ru"`
	En Cases `yaml:"en"`
}

// In returns the word's forms in a language.
func (w Word) In(l registry.Language) Cases {
	switch l {
	case registry.Russian:
		return w.Ru
	case registry.English:
		return w.En
	default:
		return w.Ky
	}
}

// Words are the authority's for its product.
type Words struct {
	Sig        Word `yaml:"sig"`         // the short word, "КЭК"
	Mark       Word `yaml:"mark"`        // the long word, "колтамга"
	System     Word `yaml:"system"`      // "система" or "тутум"
	SystemName Word `yaml:"system_name"` // "СОЧИ"
}

// LandingPage is where a client arrives after login.
type LandingPage string

const (
	LandOnNews    LandingPage = "news"
	LandOnArchive LandingPage = "archive"
)

// LoginStep is one question of the login page.
type LoginStep string

const (
	StepCarrier     LoginStep = "carrier"
	StepDevice      LoginStep = "device"
	StepCertificate LoginStep = "certificate"
	StepPINCode     LoginStep = "pin_code"
	StepCompany     LoginStep = "company"
)

// loginOrder is the order in which the pages can ask.
var loginOrder = []LoginStep{StepCarrier, StepDevice, StepCertificate, StepPINCode, StepCompany}

// Login is the order of the login and what follows it (LG-11, EN-04).
type Login struct {
	// Steps of a login with a token, as the login page lists them; all but
	// the certificate and the company are needed.
	Steps           []LoginStep `yaml:"steps"`
	CompanyStep     bool        `yaml:"company_step"`
	CertificateStep bool        `yaml:"certificate_step"`
	PostLoginPage   LandingPage `yaml:"post_login_page"`
	// PINCodeTries before a cloud key is locked (domain.md §7.4).
	PINCodeTries int               `yaml:"pin_code_tries"`
	Rules        []registry.RuleID `yaml:"rules"`
}

// Tokens are the rules of the devices that keys are made on.
type Tokens struct {
	// LeastRelease of a Rutoken ЭЦП that is taken (DT-14).
	LeastRelease registry.Release `yaml:"least_release"`
	// LeastMemory is how much has to be free for a key and a certificate, in
	// bytes, where the token tells.
	LeastMemory int64 `yaml:"least_memory"`
	// Algorithms of keys, the preferred first; a token that does only a later
	// one gets that.
	Algorithms []registry.KeyAlgorithm `yaml:"algorithms"`
	Rules      []registry.RuleID       `yaml:"rules"`
}

// Office of the authority.
type Office struct {
	Code    registry.OfficeCode `yaml:"code"`
	Name    registry.Text       `yaml:"name"`
	Address registry.Text       `yaml:"address"`
	Hours   registry.Text       `yaml:"hours"`
	Phone   string              `yaml:"phone,optional"`
	// Aliases are all names of the place, former ones too: one name for the
	// other is no change of the client's address.
	Aliases []string `yaml:"aliases,optional"`
	// Examples: address and hours are examples, to be replaced.
	Examples bool `yaml:"examples"`
	Line     int  `yaml:"-"`
}

// Operation is one thing that can be applied for.
type Operation struct {
	Operation registry.Operation `yaml:"operation"`
	Label     registry.Text      `yaml:"label"`
	Channels  []registry.Channel `yaml:"channels"`
	// Basis inferred makes every item of such an application inferred, and
	// Ambiguity names the reading.
	Basis     registry.Basis    `yaml:"basis"`
	Ambiguity string            `yaml:"ambiguity,optional"`
	Rules     []registry.RuleID `yaml:"rules"`
	// PublicOrder: anybody may order it on the public page (UB-30, UB-31).
	PublicOrder bool `yaml:"public_order,optional"`
	// Reasons that a reissue may give; empty for the others.
	Reasons []Reason `yaml:"reasons,optional"`
	Line    int      `yaml:"-"`
}

// Reason of a reissue.
type Reason struct {
	Code  registry.ReissueReason `yaml:"code"`
	Label registry.Text          `yaml:"label"`
	Rules []registry.RuleID      `yaml:"rules"`
	// Revoke: the old certificate is revoked at once (UB-27).
	Revoke bool `yaml:"revoke"`
	// Cause is the code of the revocation cause that this reason is, where
	// it revokes.
	Cause string `yaml:"cause,optional"`
	// Asks is the document that is demanded besides (UB-15) where a reissue
	// begins with this reason; nil: none.
	Asks *Asked `yaml:"asks,optional"`
	Line int    `yaml:"-"`
}

// Asked is a document that a reason demands.
type Asked struct {
	Title  registry.Text `yaml:"title"`
	Reason registry.Text `yaml:"reason"`
}

// Applicants says whom the authority serves (DT-01, A-23).
type Applicants struct {
	Kinds []registry.OrganisationKind `yaml:"kinds"`
	Rules []registry.RuleID           `yaml:"rules"`
	// Text tells those who are not served why.
	Text registry.Text `yaml:"text"`
}

// Remote is the remote way.
type Remote struct {
	Operations []registry.Operation `yaml:"operations"` // empty: no remote way
	Storages   []registry.Storage   `yaml:"storages"`
	// Blocking requisites, in the order reasons are reported (DT-24…28, A-01,
	//
	Blocking []registry.Requisite `yaml:"blocking"`
	// ReplacedCountsAs is the requisite that a replaced signatory changes
	// empty: none.
	ReplacedCountsAs registry.Requisite `yaml:"replaced_counts_as,optional"`
	// SeriesOnly: only a new passport series counts as a changed passport,
	// not a new number.
	SeriesOnly bool `yaml:"passport_series_only"`
	// EachAlone: an order is for the owner who sends it, and what is true of
	// another one does not close their way. Otherwise it is for all of the
	// organisation's signatories together.
	EachAlone bool              `yaml:"each_owner_alone"`
	Rules     []registry.RuleID `yaml:"rules"`
	// Reasons say in people's words why the remote way is closed.
	Reasons []ClosedBecause `yaml:"reasons,optional"`
}

// SignatoryReplaced is the code of the words for a replaced signatory, which
// the rules judge as a changed requisite.
const SignatoryReplaced registry.BlockingReason = "SIGNATORY_REPLACED"

// ClosedBecause is a reason in people's words.
type ClosedBecause struct {
	Code  registry.BlockingReason `yaml:"code"`
	Rules []registry.RuleID       `yaml:"rules"`
	Label registry.Text           `yaml:"label"` // what
	Why   registry.Text           `yaml:"why"`   // and what that means
	Line  int                     `yaml:"-"`
}

// Times are the authority's waiting times.
type Times struct {
	// PrepareHours from sending a remote order; 0: no such target (DT-20,
	//
	PrepareHours int `yaml:"prepare_hours"`
	// IssueBusinessDays after the complete package was accepted; 0: no such
	// promise (UB-14, A-14).
	IssueBusinessDays int `yaml:"issue_business_days"`
	// RevokeHours from the client's report (UB-28, A-13); 0: none.
	RevokeHours int `yaml:"revoke_hours"`
	// PauseForExtras stops the clock while demanded documents are awaited
	//
	PauseForExtras bool `yaml:"pause_for_extras"`
	// ReminderDays before the end, descending; the first at least 8.
	ReminderDays []int `yaml:"reminder_days"`
	// UnpaidDays after which an order that waits for the client's money
	// lapses, and UnpaidWarnDays before that the client is told; 0 days: it
	// never lapses.
	UnpaidDays     int               `yaml:"unpaid_days"`
	UnpaidWarnDays int               `yaml:"unpaid_warn_days"`
	Rules          []registry.RuleID `yaml:"rules"`
}

// Money is how fees are taken.
type Money struct {
	// ChargeAt is always the acceptance (DT-22); OfficeToo takes the fee of
	// office applications from the balance as well.
	OfficeToo bool `yaml:"charge_office"`
	// LargeTopUp in tyiyn: from this sum on a second person confirms.
	LargeTopUp registry.Tyiyn `yaml:"large_top_up_som"`
	// RefundPercent of the fee when something approved is cancelled before
	// it is issued.
	RefundPercent int `yaml:"refund_percent"`
	// RefundIssuedPercent when it is issued and not yet handed over.
	RefundIssuedPercent int               `yaml:"refund_issued_percent"`
	Ways                []PaymentWay      `yaml:"payment_ways"`
	Rules               []registry.RuleID `yaml:"rules"`
}

// PaymentWay is one way to top up the balance.
type PaymentWay struct {
	Way   registry.PaymentWay `yaml:"way"`
	Label registry.Text       `yaml:"label"`
}

// PriceList is in force from a day until the next one begins.
type PriceList struct {
	From    registry.Date `yaml:"from"`
	Until   registry.Date `yaml:"until,optional"` // last day; zero: open
	Source  string        `yaml:"source"`
	Example bool          `yaml:"example"` // the real price is not known
	Prices  []Price       `yaml:"prices"`
	Line    int           `yaml:"-"`
}

// Price of one certificate for a year, or of a complex tariff that is chosen
// by hand (Roles empty).
type Price struct {
	Code    string                   `yaml:"code"`
	Label   registry.Text            `yaml:"label"`
	Storage registry.Storage         `yaml:"storage"`
	Roles   []registry.SignatoryRole `yaml:"roles,optional"`
	Amount  registry.Tyiyn           `yaml:"som"`
	Line    int                      `yaml:"-"`
}

// CertificateRules decide the certificate's term and policies.
type CertificateRules struct {
	Anchor registry.Anchor `yaml:"validity_anchor"`
	// AnchorOffice: the anchor also holds for applications in the office
	//
	AnchorOffice bool `yaml:"anchor_office"`
	// HolderPolicy and OperatorPolicy are dotted policy OIDs; different.
	HolderPolicy   string `yaml:"holder_policy"`
	OperatorPolicy string `yaml:"operator_policy"`
	// NameLanguage of O and CN in the certificate (domain.md §6.8).
	NameLanguage registry.Language `yaml:"name_language"`
	// Suspension may be offered at all (domain.md §6.1).
	Suspension bool `yaml:"suspension"`
	// CRLGraceDays is how long a revoked certificate stays on the CRL after its
	// own end (RFC 5280 §3.3 wants one list at least); 1 to 3660.
	CRLGraceDays int               `yaml:"crl_grace_days"`
	Rules        []registry.RuleID `yaml:"rules"`
}

// DocumentRules hold for all papers.
type DocumentRules struct {
	// Extra documents may be demanded (UB-15); nil: not.
	Extra *ExtraRule `yaml:"extra,optional"`
	// LinkOnFile: a still-valid paper on file may stand in.
	LinkOnFile bool `yaml:"link_on_file"`
	// OriginalSeen: a clerk who accepts a paper may tick that the original was
	// shown; without it nobody is asked.
	OriginalSeen bool `yaml:"original_seen"`
	// M2ADays is how long a power of attorney is valid that is filled in for
	// the client.
	M2ADays int               `yaml:"m2a_days"`
	Rules   []registry.RuleID `yaml:"rules"`
}

// ExtraRule is what the demanded documents look like in a checklist.
type ExtraRule struct {
	Prefix string                `yaml:"prefix"` // "UB-EXTRA-"
	Form   registry.DocumentForm `yaml:"form"`
	Rules  []registry.RuleID     `yaml:"rules"`
	Label  registry.Text         `yaml:"label"`
	Why    registry.Text         `yaml:"why"`
	Line   int                   `yaml:"-"`
}

// Switch is a reading that an authority may turn.
type Switch struct {
	On        bool          `yaml:"on"`
	Ambiguity string        `yaml:"ambiguity"`
	Label     registry.Text `yaml:"label"`
	Line      int           `yaml:"-"`
}

// Item is one possible line of a checklist.
type Item struct {
	Code      string                `yaml:"code"`
	Form      registry.DocumentForm `yaml:"form"`
	Rules     []registry.RuleID     `yaml:"rules"`
	Subject   registry.Subject      `yaml:"subject"`
	Label     registry.Text         `yaml:"label"`
	Why       registry.Text         `yaml:"why"`
	Basis     registry.Basis        `yaml:"basis"`
	Ambiguity string                `yaml:"ambiguity,optional"`
	When      *Condition            `yaml:"when,optional"` // nil: always
	Checks    []ItemCheck           `yaml:"checks,optional"`
	// PartsOf is the operation whose list a PACKAGE is made of.
	PartsOf registry.Operation `yaml:"parts_of,optional"`
	// Download names the form that Tamga makes for this item.
	Download Form `yaml:"download,optional"`
	Line     int  `yaml:"-"`
}

// ItemCheck is something the clerk confirms on the paper.
type ItemCheck struct {
	Code  string            `yaml:"code"`
	Label registry.Text     `yaml:"label"`
	Rules []registry.RuleID `yaml:"rules"`
}

// Rejection is a ready-made reason for rejecting a document.
type Rejection struct {
	Code string        `yaml:"code"`
	Text registry.Text `yaml:"text"`
}

// RevocationCause is a reason in people's words and its RFC 5280 §5.3.1 code.
type RevocationCause struct {
	Code    string        `yaml:"code"`
	Text    registry.Text `yaml:"text"`
	RFC5280 int           `yaml:"rfc5280"`
	Line    int           `yaml:"-"`
}

// Holiday overrides the week for one day or a range of days.
type Holiday struct {
	From   registry.Date `yaml:"from"`
	To     registry.Date `yaml:"to,optional"` // zero: the same day
	Day    DayKind       `yaml:"day"`
	Public bool          `yaml:"public"`
	Name   registry.Text `yaml:"name"`
	// Unverified days have no effect until somebody has confirmed them.
	Unverified bool `yaml:"unverified,optional"`
	Line       int  `yaml:"-"`
}

// DayKind is what a row of the holiday table does to its days.
type DayKind string

const (
	DayOff     DayKind = "off"
	DayWorking DayKind = "working"
	// DayAsWeek is a public holiday that changes nothing (domain.md §6.5:
	// 23 February, 7 April, 7 and 8 November).
	DayAsWeek DayKind = "as_week"
)

// places are the pages that show statements: who is reminded, who orders, the
// button that orders, who comes too late, what documents are needed, how a
// certificate is reissued.
var places = [...]string{"reminder", "order", "button", "late", "documents", "reissue"}

// Statement is a rule that is held as a text or a link.
type Statement struct {
	Rules []registry.RuleID `yaml:"rules"`
	Where string            `yaml:"where"` // one of places
	Text  registry.Text     `yaml:"text"`
	URL   string            `yaml:"url,optional"`
	// Download names the form that the text speaks of.
	Download Form `yaml:"download,optional"`
	Line     int  `yaml:"-"`
}

// Hash is the SHA-256 of the source, hex; an application keeps that of the
// pack it was judged by.
func (p *Pack) Hash() string { return p.hash }

// Source is the YAML that the pack was read from.
func (p *Pack) Source() string { return p.source }

// Zone is the authority's time zone.
func (p *Pack) Zone() *time.Location { return p.zone }

// Calendar of business days.
func (p *Pack) Calendar() *registry.Calendar { return p.calendar }

// HasStorage says whether the authority keeps keys there.
func (p *Pack) HasStorage(s registry.Storage) bool { return slices.Contains(p.Storages, s) }
