package demo

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// certificate statuses of the report.
const (
	valid     = "valid"
	notYet    = "not-yet"
	expired   = "expired"
	suspended = "suspended"
	revoked   = "revoked"
)

// stories are the demo's applications: each is told from its beginning and
// stops where its client stands today.
func (d *demo) stories() {
	// Completed, with the certificates to show.
	d.tell(0, registry.ECloud, 20*day).verify().approve().issue(valid)
	d.tell(24, registry.ECloud, 18*day).verify().approve().issue(valid)
	d.tell(22, registry.ECloud, 16*day).verify().approve().issue(valid)
	d.tell(25, registry.ECloud, 14*day).verify().approve().issue(suspended)
	d.tell(26, registry.ECloud, 13*day).verify().approve().issue(revoked)
	d.tell(11, registry.ECloud, 12*day).verify().approve().issue(notYet)
	d.tell(12, registry.ECloud, 11*day).verify().approve().issue(expired)

	// Approved: the holder has not activated yet.
	d.tell(1, registry.ECloud, 3*day).verify().approve()
	d.tell(3, registry.ECloud, 2*day).verify().approve()

	// Waiting for an approver; one without money.
	d.tell(4, registry.ECloud, 30*hour).verify().pay()
	d.tell(2, registry.ECloud, 28*hour).verify()
	d.tell(20, registry.Rutoken, 26*hour).verify().pay()

	// In a clerk's hands.
	d.tell(9, registry.ECloud, 6*day).take().accept(4).reject("М-2а: мөөр окулбайт. Мөөрү даана көрүнгөн ишеним кат алып келиңиз.")
	d.tell(10, registry.Rutoken, 5*day).take().accept(2)
	d.tell(13, registry.ECloud, 8*hour).take().accept(3)
	d.tell(14, registry.ECloud, 7*hour).take()
	d.tell(5, registry.ECloud, 5*hour).take().receive(4)

	// Waiting for the applicant.
	d.tell(8, registry.ECloud, 9*day).take().accept(3).reject("Экинчи бети жок").ask("Каттоо күбөлүгүнүн экинчи бетин алып келиңиз.")
	d.tell(6, registry.Rutoken, 4*day).take().accept(2).ask("Жетекчинин ID-картасынын көчүрмөсү керек.")

	// Submitted, nobody has them; the first is overdue.
	d.tell(7, registry.Rutoken, 4*day)
	d.tell(15, registry.ECloud, 3*hour)
	d.tell(23, registry.ECloud, 2*hour)
	d.tell(16, registry.ECloud, hour)

	// Ended without a certificate.
	d.tell(17, registry.ECloud, 10*day).verify().refuse("Берилген ишеним кат башка адамдыкы.")
	d.tell(18, registry.ECloud, 8*day).withdraw()
	d.tell(27, registry.ECloud, 7*day).verify().sendBack("Башкы бухгалтердин паспортун кайра текшериңиз.").withdraw()

	// Drafts.
	d.draft(19, registry.ECloud, 40*time.Minute)
	d.draft(21, registry.Rutoken, 20*time.Minute)
}
