package demo

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// certificate statuses of the report.
const (
	valid     = "valid"
	notYet    = "not-yet"
	expired   = "expired"
	suspended = "suspended"
	revoked   = "revoked"
	// ending is a valid certificate that ends soon.
	ending = "ending"
)

// stories are the demo's applications: each is told from its beginning, so many
// business days back, and stops where its client stands today.
func (d *demo) stories() {
	// Completed, with the certificates to show.
	// The first client's head has ordered a renewal, which waits for the
	// accountant's signature.
	d.tell(0, registry.ECloud, 14).verify().approve().issue(ending).order()
	d.tell(24, registry.ECloud, 13).verify().approve().issue(valid)
	d.tell(22, registry.ECloud, 11).verify().approve().issue(valid)
	d.tell(25, registry.ECloud, 10).verify().approve().issue(suspended).reported(14*time.Hour, true, "device_stolen")
	d.tell(26, registry.ECloud, 9).verify().approve().issue(revoked).reported(100*time.Hour, false, "device_broken").revoked()
	d.tell(11, registry.ECloud, 8).verify().approve().issue(notYet)
	d.tell(12, registry.ECloud, 8).verify().approve().issue(expired)

	// Revoked for every reason of RFC 5280 that a holder's certificate can have,
	// and a report that waits.
	d.tell(28, registry.ECloud, 12).verify().approve().issue(revoked).reported(120*time.Hour, true, "compromised", "closed").revoked()
	d.tell(29, registry.ECloud, 11).verify().approve().issue(revoked).reported(77*time.Hour, false, "court", "owner_left").revoked()
	d.tell(30, registry.ECloud, 10).verify().approve().issue(revoked).reported(53*time.Hour, true, "holder_wish").revoked()
	d.tell(31, registry.ECloud, 9).verify().approve().issue(valid).reported(2*time.Hour, false, "requisites")

	// To be renewed: nobody has ordered, but the last.
	d.tell(32, registry.ECloud, 12).verify().payFee().decide(registry.ActApprove, "").issue(ending)
	d.tell(33, registry.ECloud, 11).verify().payFee().decide(registry.ActApprove, "").issue(ending)
	d.tell(35, registry.ECloud, 10).verify().payFee().decide(registry.ActApprove, "").issue(ending)
	d.tell(34, registry.ECloud, 9).verify().approve().issue(ending).order()

	// Approved: the holder has not activated yet.
	d.tell(1, registry.ECloud, 2).verify().approve()
	d.tell(3, registry.ECloud, 1).verify().approve()

	// Approved: the holders come with their tokens.
	d.tell(36, registry.Rutoken, 2).verify().approve()
	d.tell(37, registry.Rutoken, 1).verify().approve()
	d.tell(38, registry.Rutoken, 1).verify().approve()
	d.tell(39, registry.Rutoken, 1).verify().approve()

	// Waiting for an approver; one without money.
	d.tell(4, registry.ECloud, 1).verify().pay()
	d.tell(2, registry.ECloud, 0).verify()
	d.tell(20, registry.Rutoken, 0).verify().pay()

	// In a clerk's hands.
	d.tell(9, registry.ECloud, 4).take().accept(4).reject("Мөөр окулбайт. Мөөрү даана көрүнгөн документ алып келиңиз.")
	d.tell(10, registry.Rutoken, 3).take().accept(2)
	d.tell(13, registry.ECloud, 0).take().accept(3)
	d.tell(14, registry.ECloud, 0).take()
	d.tell(5, registry.ECloud, 0).take().receive(4)

	// Waiting for the applicant.
	d.tell(8, registry.ECloud, 6).take().accept(3).reject("Экинчи бети жок").ask("Каттоо күбөлүгүнүн экинчи бетин алып келиңиз.")
	d.tell(6, registry.Rutoken, 3).take().accept(2).ask("Жетекчинин ID-картасынын көчүрмөсү керек.")

	// Submitted, nobody has them; the first is overdue.
	d.tell(7, registry.Rutoken, 3)
	d.tell(15, registry.ECloud, 0)
	d.tell(23, registry.ECloud, 0)
	d.tell(16, registry.ECloud, 0)

	// Ended without a certificate.
	d.tell(17, registry.ECloud, 7).verify().refuse("Берилген ишеним кат башка адамдыкы.")
	d.tell(18, registry.ECloud, 6).withdraw()
	d.tell(27, registry.ECloud, 5).verify().sendBack("Башкы бухгалтердин паспортун кайра текшериңиз.").withdraw()

	// Drafts.
	d.draft(19, registry.ECloud, 0)
	d.draft(21, registry.Rutoken, 0)
}
