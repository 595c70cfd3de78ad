package templates

import "time"

// View is a page as a handler fills it in: a struct of its own that embeds
// Page, passed by pointer.
type View interface{ Frame() *Page }

// Page is what every page has. The handlers fill it in from the request; a
// page struct embeds it and adds what is its own.
type Page struct {
	Lang   string // ky, ru, en
	Theme  string // light, dark
	Shell  Shell
	Title  string // in the page's language; "· Тамга" is added
	Status int    // HTTP status the page is sent with; 0 means 200
	Path   string // of this request, with its query: language links come back here
	From   string // of an answer to a form: the path of the page that the form was on
	Now    time.Time

	Menu      Menu
	Alarm     *Alarm
	Reminder  *Reminder
	User      *User
	Authority Authority
	Flash     *Flash
	// Keys lists the keyboard hints of the footer.
	Keys []KeyHint

	CSRF      string // token for the hidden field of every form
	RequestID string
	// Who tells one person's typed forms from another's in the browser's
	// store; it says nothing about the person. Empty for guests.
	Who string
	// Kept names the kept form that has just done its work, if any.
	Kept string
	// Demo asks for the authority's line on what test certificates are worth.
	Demo bool
	// Languages are the links of the language switch.
	Languages []LangLink
}

// OtherTheme is the one the switch in the footer leads to.
func (p *Page) OtherTheme() string {
	if p.Theme == "dark" {
		return "light"
	}
	return "dark"
}

// LangLink leads to the same page in another language.
type LangLink struct {
	Lang    string
	Name    string // in that language
	Path    string
	Current bool
}

// Frame makes every struct that embeds Page a View.
func (p *Page) Frame() *Page { return p }

// Shell is the dress of a page: whose session it is must be plain to see.
type Shell string

const (
	Staff  Shell = "staff"  // dark bar
	Client Shell = "client" // paper bar with a menu
	Plain  Shell = "plain"  // paper bar, languages, no menu: guests
)

// Menu is the main menu: what stands in the bar, and what is folded behind it.
type Menu struct {
	Items, Aside []*NavItem
}

// Folded is the entry under which those aside are found: the current one among
// them, or none; its count is that of all.
func (m Menu) Folded() (f NavItem) {
	for _, i := range m.Aside {
		if i.Current {
			f.Label, f.Current = i.Label, true
		}
		f.Count, f.More, f.Late = f.Count+i.Count, f.More || i.More, f.Late || i.Late
	}
	return f
}

// NavItem is one entry of the main menu.
type NavItem struct {
	Path    string
	Label   string
	Current bool
	Count   int  // shown when above zero
	More    bool // there are more than Count
	Late    bool // something in it is late: the count is red
}

// Alarm is the strip under the bar of every clerk's page: a revocation clock
// past 50, 75 or 100 per cent. Nothing else may use it.
type Alarm struct {
	Text string
	Left string
	Path string
}

// Reminder is the strip under the bar of every page of a holder whose
// certificate ends soon and who has not renewed.
type Reminder struct {
	Text string // how long is left, and until when
	Path string // where something can be done about it
	Do   string
	Last bool // less than a day is left
}

// User is who is logged in, as the bar shows it (LG-14).
type User struct {
	Name     string // operator's name, or the organisation's
	Line     string // role and office, or the balance
	CertEnds time.Time
	Operator bool
}

// Flash is what the last action did, shown once on the next page.
type Flash struct {
	Kind string `json:"kind"` // good, warn, stop
	Text string `json:"text"`
}

// KeyHint is one hint of the footer: keys and what they do.
type KeyHint struct {
	Keys  []string
	Label string
}

// Authority is the certification authority as pages name it, in the page's
// language.
type Authority struct {
	Name   string
	Phones []string
	Email  string // optional
	Site   string
	// Notice is what Page.Demo asks for.
	Notice string
}

// Problem is what an error page or a note says: what happened, what was kept,
// what to do.
type Problem struct {
	What string
	Kept string
	Do   string
}
