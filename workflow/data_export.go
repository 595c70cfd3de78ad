package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
)

// PersonalDataFormat names the schema of docs/personal-data.md.
const PersonalDataFormat = "tamga-personal-data/1"

// PersonalData is what is kept about a person, as they get it.
type PersonalData struct {
	Format         string                     `json:"format"`
	Request        string                     `json:"request"`
	MadeAt         time.Time                  `json:"made_at"`
	Authority      map[string]string          `json:"authority"`
	PersonalNumber registry.PersonalNumber    `json:"personal_number"`
	OnFile         *registry.PersonRequisites `json:"on_file"` // null: nothing
	Applications   []PersonalApplication      `json:"applications"`
	Certificates   []PersonalCertificate      `json:"certificates"`
	ActsFor        []PersonalOrganisation     `json:"acts_for"`
	Requests       []PersonalRequest          `json:"requests"` // this one too, as it was before
	Views          []PersonalView             `json:"views"`
}

// PersonalApplication is an application with a part in it.
type PersonalApplication struct {
	Number       string                      `json:"number"`
	Organisation registry.Text               `json:"organisation"`
	INN          registry.INN                `json:"inn"`
	Operation    registry.Operation          `json:"operation"`
	Status       registry.ApplicationStatus  `json:"status"`
	CreatedAt    time.Time                   `json:"created_at"`
	As           []string                    `json:"as"` // head, accountant, trusted
	Declared     []registry.PersonRequisites `json:"declared"`
	Consents     []time.Time                 `json:"consents"`
	Documents    []PersonalDocument          `json:"documents"` // the person's own
}

// PersonalDocument is a paper about the person.
type PersonalDocument struct {
	Code   string                  `json:"code"`
	Label  registry.Text           `json:"label"`
	Status registry.DocumentStatus `json:"status"`
	Files  []PersonalFile          `json:"files"`

	id registry.DocumentID
}

// PersonalFile is a scan that stands beside the data.
type PersonalFile struct {
	Path       string    `json:"path"`
	Name       string    `json:"name"`
	SHA256     string    `json:"sha256"`
	Size       int64     `json:"size"`
	UploadedAt time.Time `json:"uploaded_at"`

	file registry.File
}

// PersonalCertificate is a certificate issued to the person.
type PersonalCertificate struct {
	Serial       registry.Serial            `json:"serial"`
	Organisation *registry.Text             `json:"organisation,omitempty"` // none: an employee of the authority
	Holder       string                     `json:"holder"`
	Storage      registry.Storage           `json:"storage"`
	IssuedAt     time.Time                  `json:"issued_at"`
	NotBefore    time.Time                  `json:"not_before"`
	NotAfter     time.Time                  `json:"not_after"`
	Status       registry.CertificateStatus `json:"status"`
	StatusReason int                        `json:"status_reason"` // RFC 5280 §5.3.1
	StatusAt     *time.Time                 `json:"status_at,omitempty"`
	InvalidSince *time.Time                 `json:"invalid_since,omitempty"`
	Reports      []PersonalReport           `json:"reports"`
	SHA256       string                     `json:"sha256"`
	Certificate  []byte                     `json:"certificate"` // DER, base64
}

// PersonalReport is somebody's word that a certificate of the person must not be
// used any more, and what became of it.
type PersonalReport struct {
	Number       string                    `json:"number"`
	Status       registry.ReportStatus     `json:"status"`
	Way          registry.ReportWay        `json:"way"`
	Cause        string                    `json:"cause"`
	Label        registry.Text             `json:"label"` // of the cause
	Code         int                       `json:"code"`  // RFC 5280 §5.3.1
	Reporter     string                    `json:"reporter"`
	Identified   []registry.Identification `json:"identified,omitempty"`
	Note         string                    `json:"note,omitempty"`
	InvalidSince *time.Time                `json:"invalid_since,omitempty"`
	ReportedAt   time.Time                 `json:"reported_at"`
	SuspendedAt  *time.Time                `json:"suspended_at,omitempty"`
	ConcludedAt  *time.Time                `json:"concluded_at,omitempty"`
	Remark       string                    `json:"remark,omitempty"`
}

// PersonalOrganisation is one that the person may act for without a certificate
// of it.
type PersonalOrganisation struct {
	Organisation registry.Text `json:"organisation"`
	INN          registry.INN  `json:"inn"`
	Basis        string        `json:"basis"`
	Since        time.Time     `json:"since"`
}

// PersonalRequest is a request for the person's data.
type PersonalRequest struct {
	Number         string                     `json:"number"`
	Status         registry.DataRequestStatus `json:"status"`
	Way            registry.DataRequestWay    `json:"way"`
	AskedBy        string                     `json:"asked_by"`
	Identified     string                     `json:"identified"`
	Note           string                     `json:"note,omitempty"`
	ReceivedAt     time.Time                  `json:"received_at"`
	DueAt          time.Time                  `json:"due_at"`
	ExportedAt     *time.Time                 `json:"exported_at,omitempty"`
	ExportedSHA256 string                     `json:"exported_sha256,omitempty"` // of data.json
	ConcludedAt    *time.Time                 `json:"concluded_at,omitempty"`
	Remark         string                     `json:"remark,omitempty"`
}

// PersonalView is a look at one of the person's papers.
type PersonalView struct {
	At       time.Time     `json:"at"`
	Who      string        `json:"who"`
	Document registry.Text `json:"document"`
	Purpose  string        `json:"purpose,omitempty"`
}

// DataExport is a person's data put together.
type DataExport struct {
	Data *PersonalData
	// JSON is Data as it is handed over; SHA256 is of it, hex, and stands in
	// the journal.
	JSON   []byte
	SHA256 string

	flow *Flow
}

// Files are the scans that belong to it.
func (x *DataExport) Files() (out []PersonalFile) {
	for _, a := range x.Data.Applications {
		for _, d := range a.Documents {
			out = append(out, d.Files...)
		}
	}
	return out
}

// Open reads one of Files, every byte of it verified.
func (x *DataExport) Open(ctx context.Context, f PersonalFile) ([]byte, error) {
	return x.flow.vault.Open(ctx, f.file)
}

// ExportData puts together what is kept about the person of a request, by a
// clerk or an approver: received stays received. The entry, which names every
// document that leaves with it, is committed before a scan leaves the vault.
func (f *Flow) ExportData(ctx context.Context, who Actor, number string) (*DataExport, error) {
	x := &DataExport{flow: f}
	err := f.changeDataRequest(ctx, who, number, 0, registry.DataExport, func(tx *store.Tx, r *registry.DataRequest) error {
		var err error
		if x.Data, err = f.personalData(tx, r); err != nil {
			return err
		}
		if x.JSON, err = json.MarshalIndent(x.Data, "", "  "); err != nil {
			return err
		}
		sum := sha256.Sum256(x.JSON)
		x.SHA256 = hex.EncodeToString(sum[:])
		now := f.now()
		r.ExportedSHA256, r.ExportedAt, r.ExportedBy = x.SHA256, &now, who.Operator.ID
		if err := tx.SaveDataRequest(r); err != nil {
			return err
		}
		about := []journal.Subject{dataRequestSubject(r)}
		apps, err := tx.ApplicationsOfPerson(r.PersonalNumber)
		if err != nil {
			return err
		}
		for _, a := range apps[:min(len(apps), lookedAbout)] {
			about = append(about, Application(a.ID))
		}
		for _, a := range x.Data.Applications {
			for _, d := range a.Documents {
				if len(d.Files) > 0 && len(about) < maxAbout {
					about = append(about, Document(d.id))
				}
			}
		}
		return f.record(tx, who, "data_request.exported", map[string]any{"number": r.Number, "sha256": x.SHA256, "files": len(x.Files())},
			map[string]string{"purpose": r.Number}, about...)
	})
	if err != nil {
		return nil, fmt.Errorf("exporting the data of request %s: %w", number, err)
	}
	return x, nil
}

// maxAbout is how many things an entry is about at most; the journal takes no
// more than 1024.
const maxAbout = 1000

func (f *Flow) personalData(tx *store.Tx, r *registry.DataRequest) (*PersonalData, error) {
	p := &PersonalData{
		Format: PersonalDataFormat, Request: r.Number, MadeAt: f.now(), Authority: map[string]string{}, PersonalNumber: r.PersonalNumber,
		Applications: []PersonalApplication{}, Certificates: []PersonalCertificate{}, ActsFor: []PersonalOrganisation{}, Requests: []PersonalRequest{},
		Views: []PersonalView{},
	}
	for _, l := range registry.Languages {
		p.Authority[string(l)] = f.pack.Authority.Name.In(l)
	}
	var err error
	if p.OnFile, err = tx.Person(r.PersonalNumber); err != nil && registry.KindOf(err) != registry.NotFound {
		return nil, err
	}
	apps, err := tx.ApplicationsOfPerson(r.PersonalNumber)
	if err != nil {
		return nil, err
	}
	for _, a := range apps {
		part, err := partIn(tx, a, r.PersonalNumber)
		if err != nil {
			return nil, err
		}
		p.Applications = append(p.Applications, *part)
	}
	if err := f.addCertificates(tx, p); err != nil {
		return nil, err
	}
	if err := p.addLinks(tx); err != nil {
		return nil, err
	}
	if err := p.addRequests(tx); err != nil {
		return nil, err
	}
	return p, p.addViews(tx)
}

// partIn is a person's part in an application: what was declared of them, what
// they consented to, the papers about them and nobody else.
func partIn(tx *store.Tx, a *registry.Application, n registry.PersonalNumber) (*PersonalApplication, error) {
	d := &a.Declaration
	out := &PersonalApplication{
		Number: a.Number, Organisation: namesOf(d.Organisation), INN: d.Organisation.INN, Operation: d.Operation, Status: a.Status, CreatedAt: a.CreatedAt,
		As: []string{}, Declared: []registry.PersonRequisites{}, Consents: []time.Time{}, Documents: []PersonalDocument{},
	}
	people := map[registry.Subject]*registry.PersonRequisites{registry.OfHead: &d.Head, registry.OfAccountant: d.Accountant, registry.OfTrusted: d.Trusted}
	own := map[registry.Subject]bool{}
	for _, subject := range registry.Subjects {
		if person := people[subject]; person != nil && person.PersonalNumber == n {
			own[subject], out.As, out.Declared = true, append(out.As, string(subject)), append(out.Declared, *person)
		}
	}
	consents, err := tx.Consents(a.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		if c.PersonalNumber == n {
			out.Consents = append(out.Consents, c.RecordedAt)
		}
	}
	docs, err := tx.Documents(a.ID)
	if err != nil {
		return nil, err
	}
	files, err := tx.FilesOf(a.ID)
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		if !own[doc.Subject] {
			continue
		}
		paper := PersonalDocument{Code: doc.Code, Label: doc.Label, Status: doc.Status, Files: []PersonalFile{}, id: doc.ID}
		for _, file := range files[doc.ID] {
			paper.Files = append(paper.Files, PersonalFile{
				Path: "scans/" + a.Number + "/" + strconv.FormatInt(int64(file.ID), 10) + scan.Extension(file.MediaType), Name: file.Name, SHA256: file.SHA256, Size: file.Size,
				UploadedAt: file.UploadedAt, file: file,
			})
		}
		out.Documents = append(out.Documents, paper)
	}
	return out, nil
}

func namesOf(o registry.OrganisationRequisites) registry.Text {
	return registry.Text{Ky: o.FullName(registry.Kyrgyz), Ru: o.FullName(registry.Russian), En: o.FullName(registry.English)}
}

func (f *Flow) addCertificates(tx *store.Tx, p *PersonalData) error {
	certs, err := tx.CertificatesOfPerson(p.PersonalNumber)
	if err != nil {
		return err
	}
	for _, c := range certs {
		out := PersonalCertificate{
			Serial: c.Serial, Holder: c.HolderName, Storage: c.Storage, IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
			Status: c.Status, StatusReason: c.StatusReason, StatusAt: c.StatusAt, InvalidSince: c.InvalidSince, Reports: []PersonalReport{},
			SHA256: c.SHA256, Certificate: c.DER,
		}
		if c.OrganisationID != 0 {
			org, err := tx.Organisation(c.OrganisationID)
			if err != nil {
				return err
			}
			names := namesOf(org.OrganisationRequisites)
			out.Organisation = &names
		}
		reports, err := tx.ReportsOf(c.ID)
		if err != nil {
			return err
		}
		for _, r := range slices.Backward(reports) {
			out.Reports = append(out.Reports, f.personalReport(r))
		}
		p.Certificates = append(p.Certificates, out)
	}
	return nil
}

func (f *Flow) personalReport(r *registry.Report) PersonalReport {
	cause, _ := f.pack.RevocationCause(r.Cause)
	return PersonalReport{
		Number: r.Number, Status: r.Status, Way: r.Way, Cause: r.Cause, Label: cause.Text, Code: r.Code, Reporter: r.Reporter, Identified: r.Identified, Note: r.Note,
		InvalidSince: r.InvalidSince, ReportedAt: r.ReportedAt, SuspendedAt: r.SuspendedAt, ConcludedAt: r.ConcludedAt, Remark: r.Remark,
	}
}

func (p *PersonalData) addRequests(tx *store.Tx) error {
	all, err := tx.DataRequestsOf(p.PersonalNumber)
	for _, r := range all {
		p.Requests = append(p.Requests, PersonalRequest{
			Number: r.Number, Status: r.Status, Way: r.Way, AskedBy: r.AskedBy, Identified: r.Identified, Note: r.Note, ReceivedAt: r.ReceivedAt, DueAt: r.DueAt,
			ExportedAt: r.ExportedAt, ExportedSHA256: r.ExportedSHA256, ConcludedAt: r.ConcludedAt, Remark: r.Remark,
		})
	}
	return err
}

func (p *PersonalData) addLinks(tx *store.Tx) error {
	links, err := tx.LinksOf(p.PersonalNumber)
	if err != nil {
		return err
	}
	for _, l := range links {
		org, err := tx.Organisation(l.OrganisationID)
		if err != nil {
			return err
		}
		p.ActsFor = append(p.ActsFor, PersonalOrganisation{namesOf(org.OrganisationRequisites), org.INN, l.Basis, l.CreatedAt})
	}
	return nil
}

// addViews adds who looked at the person's papers: employees by name and role.
func (p *PersonalData) addViews(tx *store.Tx) error {
	labels := map[string]registry.Text{}
	var ids []string
	for _, a := range p.Applications {
		for _, d := range a.Documents {
			id := strconv.FormatInt(int64(d.id), 10)
			labels[id], ids = d.Label, append(ids, id)
		}
	}
	looks, err := tx.LooksAtDocuments(ids)
	if err != nil {
		return err
	}
	operators, err := tx.Operators()
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, o := range operators {
		names[strconv.FormatInt(int64(o.ID), 10)] = o.Person.Name(registry.Kyrgyz).String() + " (" + string(o.Role) + ")"
	}
	for _, e := range looks {
		who := string(e.Actor.Kind)
		if e.Actor.Kind == journal.ActorOperator {
			who = names[e.Actor.ID]
		}
		for _, about := range e.Subjects {
			if label, own := labels[about.ID]; own && about.Kind == "document" {
				p.Views = append(p.Views, PersonalView{At: e.At, Who: who, Document: label, Purpose: e.Purpose})
			}
		}
	}
	return nil
}
