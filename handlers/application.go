package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// applicationPage is a file: requisites, signatories, documents, and the
// document under the clerk's eyes.
type applicationPage struct {
	templates.Page
	Olds       []oldCertificate // that it follows, where something happened to them
	App        *registry.Application
	Org        string
	Settlement string
	OddINN     bool // see formPage
	Office     string
	Assignee   string
	Mine       bool
	State      templates.State
	People     []applicantPerson
	Documents  []documentRow
	Accepted   int
	Open       int
	Current    *documentRow
	Shown      *registry.File
	Linkable   []linkOption
	Rejections []string
	Clerks     []formOption
	Money      *fileMoney // nil: it cannot be priced, or is decided
	History    []historyRow
	Enrolments *enrolmentPanel // nil before the approval
	Forms      []formLink      // with what is known in them
	Evidence   string          // address of a remote order's signed text; empty: there is none
	Decide     string          // address of the decision, for whoever may take it
	Link       string
	Auditor    bool
	MayEdit    bool
	MayExtra   bool
	Originals  bool // it may be ticked that the original was shown
	// What may be done next, by the tables of moves.
	May    map[string]bool // by registry.Action
	MayDoc map[string]bool // by registry.DocumentAction
	Errors templates.FieldErrors
	Typed  map[string]string
	Today  string
}

type applicantPerson struct {
	registry.PersonRequisites
	Role, Name, Position string
	Foreign              bool
}

// documentRow is one line of the list of documents.
type documentRow struct {
	*registry.Document
	Title, Reads, Whose string
	State               templates.State
	Files               []registry.File
	Linked              []registry.File
	By                  string
	Parts               []string
	Checklist           []checkRow
	Dated               bool
}

type checkRow struct {
	Code, Label string
	Done        bool
}

type linkOption struct {
	ID     registry.DocumentID
	Number string
	On     string
}

type historyRow struct{ At, Text, Who string }

// application shows one file. ?document= and ?file= choose what lies under the
// eyes.
func (s *Server) application(c echo.Context) error {
	v, err := s.applicationPage(c, c.Param("number"), c.QueryParam("document"), c.QueryParam("file"))
	if err != nil {
		return err
	}
	if link, ok := s.sessions.Pop(c.Request().Context(), linkKey(v.App.Number)).(string); ok {
		v.Link = link
	}
	return s.render(c, http.StatusOK, "application", v)
}

func (s *Server) applicationPage(c echo.Context, number, document, file string) (*applicationPage, error) {
	v := &applicationPage{Errors: templates.FieldErrors{}, Typed: map[string]string{}}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	err = s.read(c, func(tx *store.Tx) error {
		if v.App, err = tx.ApplicationByNumber(number); err != nil {
			return err
		}
		operators, err := tx.Operators()
		if err != nil {
			return err
		}
		names := namesOf(operators, lang(c))
		v.Clerks = clerkOptions(operators, lang(c))
		v.Assignee = names[v.App.Assignee]
		if err := s.applicationDocuments(c, tx, v, names); err != nil {
			return err
		}
		if v.Money, err = s.fileMoney(tx, v.App); err != nil {
			return err
		}
		if v.History, err = s.applicationHistory(c, tx, v.App, names); err != nil {
			return err
		}
		if v.Enrolments, err = s.enrolmentPanelOf(c, tx, v.App); err != nil {
			return err
		}
		v.Olds, err = s.oldCertificatesOf(c, tx, v.App)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.applicationFacts(c, v)
	s.applicationMoves(v, who)
	v.choose(document, file)
	return v, s.applicationLinkable(c, v)
}

func (s *Server) applicationFacts(c echo.Context, v *applicationPage) {
	l, d, pack := lang(c), &v.App.Declaration, s.deps.Workflow.Pack()
	v.Org = d.Organisation.FullName(l)
	title := v.Org
	if title == "" {
		title = s.text(c, "application.number", "number", v.App.Number)
	}
	v.Page = s.page(c, title)
	v.Settlement = d.Organisation.Settlement.In(l)
	v.OddINN = s.oddINN(d)
	if o, ok := pack.Office(d.Office); ok {
		v.Office = o.Name.In(l)
	}
	if d.Channel == registry.Remote {
		v.Evidence = "/applications/" + v.App.Number + "/order.zip"
	}
	if identity(c).Role == registry.Clerk && d.Channel != registry.Remote && v.App.Status.Open() {
		v.Forms = s.formLinks(c, "/applications/"+v.App.Number+"/forms")
	}
	v.State = s.applicationState(c, v.App.Status)
	v.Mine = v.App.Assignee != 0 && v.App.Assignee == identity(c).OperatorID
	v.Auditor = identity(c).Role == registry.Auditor
	v.Today = registry.DateOf(s.deps.Now(), pack.Zone()).Display()
	person := func(role string, p registry.PersonRequisites) {
		v.People = append(v.People, applicantPerson{PersonRequisites: p, Role: role, Name: p.Name(l).String(), Position: p.Position(l), Foreign: p.Citizenship != registry.CitizenOfKyrgyzstan})
	}
	for _, sig := range d.Signatories() {
		person(s.text(c, "signatory."+string(sig.Role)), sig.Person)
	}
	if d.Trusted != nil {
		person(s.text(c, "person.trusted"), *d.Trusted)
	}
	v.Rejections = nil
	for _, r := range pack.Rejections {
		v.Rejections = append(v.Rejections, r.Text.In(d.Language))
	}
}

// applicationMoves asks the tables of moves what this actor may do now; the
// transition asks them again.
func (s *Server) applicationMoves(v *applicationPage, who workflow.Actor) {
	v.May, v.MayDoc = map[string]bool{}, map[string]bool{}
	for _, act := range registry.Actions {
		v.May[string(act)] = who.May(v.App, act)
	}
	if v.Mine {
		v.May[string(registry.ActTake)] = false
	}
	v.May[string(registry.ActGiveBack)] = v.May[string(registry.ActGiveBack)] && v.Mine
	if v.May[string(registry.ActApprove)] {
		v.Decide = "/decisions/" + v.App.Number
	}
	v.MayEdit = v.May[string(registry.ActEdit)]
	v.MayExtra = v.May[string(registry.ActDocument)] && s.deps.Workflow.Pack().Documents.Extra != nil
	v.Originals = s.deps.Workflow.Pack().Documents.OriginalSeen
}

// choose puts a document and a file under the eyes: the ones asked for, or in
// one's own file under review the next that waits to be judged.
func (v *applicationPage) choose(document, file string) {
	chosen := slices.IndexFunc(v.Documents, func(d documentRow) bool { return strconv.FormatInt(int64(d.ID), 10) == document })
	if chosen < 0 && document == "" && v.Mine && v.May[string(registry.ActVerify)] {
		chosen = slices.IndexFunc(v.Documents, func(d documentRow) bool { return d.Status == registry.DocReceived })
		if chosen < 0 {
			chosen = slices.IndexFunc(v.Documents, func(d documentRow) bool { return d.Required && !d.Status.Settled() })
		}
	}
	if chosen < 0 {
		return
	}
	v.Current = &v.Documents[chosen]
	for _, act := range registry.DocumentActions {
		_, err := registry.MoveDocument(v.Current.Status, act, registry.ByClerk)
		v.MayDoc[string(act)] = err == nil && v.May[string(registry.ActDocument)] && v.Current.Required
	}
	scanned := v.Current.Form.Scanned()
	v.MayDoc[string(registry.DocUpload)] = v.MayDoc[string(registry.DocUpload)] && scanned
	v.MayDoc[string(registry.DocReceive)] = v.MayDoc[string(registry.DocReceive)] && !scanned
	v.MayDoc[string(registry.DocAccept)] = v.MayDoc[string(registry.DocAccept)] && (!scanned || len(v.Current.Files)+len(v.Current.Linked) > 0)
	for _, files := range [][]registry.File{v.Current.Files, v.Current.Linked} {
		for i := range files {
			if v.Shown == nil || strconv.FormatInt(int64(files[i].ID), 10) == file {
				v.Shown = &files[i]
			}
		}
	}
}

func (s *Server) applicationLinkable(c echo.Context, v *applicationPage) error {
	if v.Current == nil || !v.MayDoc[string(registry.DocLink)] {
		return nil
	}
	found, err := s.deps.Workflow.Linkable(c.Request().Context(), v.Current.ID)
	if err != nil || len(found) == 0 {
		return err
	}
	return s.read(c, func(tx *store.Tx) error {
		for _, d := range found {
			from, err := tx.Application(d.ApplicationID)
			if err != nil {
				return err
			}
			v.Linkable = append(v.Linkable, linkOption{d.ID, from.Number, templates.Date(d.UpdatedAt)})
		}
		return nil
	})
}

// ChangedNames are the requisites that were declared as changed.
func (v *applicationPage) ChangedNames() []string {
	var out []string
	for _, r := range v.App.Declaration.Changed {
		out = append(out, authorities.RequisiteName(r).In(registry.Language(v.Lang)))
	}
	return out
}
