package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// queueShown is how many orders a page of the queue has.
const queueShown = 50

func (s *Server) queueRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	clerk, assigners := Operator(registry.Clerk), Operator(registry.Clerk, registry.Approver)
	return []route{
		{Method: get, Path: "/queue", Access: readers, Handle: s.queue},
		{Method: post, Path: "/queue/next", Access: clerk, Handle: s.queueNext},
		{Method: get, Path: "/queue/:number", Access: readers, Handle: s.queueOrder},
		{Method: post, Path: "/queue/:number/take", Access: clerk, Handle: s.queueTake},
		{Method: post, Path: "/queue/:number/give-back", Access: clerk, Handle: s.queueGiveBack},
		{Method: post, Path: "/queue/:number/assign", Access: assigners, Handle: s.queueAssign},
		{Method: post, Path: "/queue/:number/verify", Access: clerk, Handle: s.queueVerify},
	}
}

type queuePage struct {
	templates.Page
	Counts  *store.QueueCounts
	Total   string
	Chips   []worklistLink
	Groups  []queueGroup
	First   string
	More    string
	MayTake bool
}

// queueGroup is the orders of one urgency.
type queueGroup struct {
	Label string // message key
	Late  bool
	Items []queueItem
}

type queueItem struct {
	store.QueueItem
	Title, Who string
	Mine       bool
	State      templates.State
	// Lacks is what the balance lacks of today's fee.
	Lacks registry.Tyiyn
	// EndsIn is how many days are left of the certificate that ends first, if
	// few; Ended: none.
	EndsIn int
	Ended  bool
	Takes  bool // may be taken
}

// queueName is what the queue is called: after the days that its orders are to
// be prepared in, where there is such a target.
func (s *Server) queueName(c echo.Context) string {
	if days := s.deps.Workflow.Pack().PrepareDays(); days > 0 {
		return s.text(c, "nav.queue", "n", days)
	}
	return s.text(c, "nav.orders")
}

// queue shows the remote orders that wait for the authority, by the time left to
// prepare them and the end of the certificate that ends first.
func (s *Server) queue(c echo.Context) error {
	v := &queuePage{Page: s.page(c, s.queueName(c)), MayTake: identity(c).Role == registry.Clerk}
	f := s.queueFilter(c)
	err := s.read(c, func(tx *store.Tx) error {
		page, err := tx.Queue(f)
		if err != nil {
			return err
		}
		if v.Counts, err = tx.QueueCounts(identity(c).OperatorID, f.Now); err != nil {
			return err
		}
		names, err := operatorNames(tx, lang(c))
		if err != nil {
			return err
		}
		return s.queueRows(c, tx, v, page, names)
	})
	if err != nil {
		return err
	}
	v.Total = capped(v.Counts.All)
	v.Chips = s.queueChips(c, v.Counts)
	if !f.After.At.IsZero() {
		v.First = queuePath(c.QueryParam("show"), "")
	}
	return s.render(c, http.StatusOK, "queue", v)
}

// queueFilter reads ?show= and ?after=; what is neither is everything from the
// beginning.
func (s *Server) queueFilter(c echo.Context) store.QueueFilter {
	f := store.QueueFilter{Now: s.deps.Now(), Limit: queueShown}
	switch c.QueryParam("show") {
	case "mine":
		f.Assignee = identity(c).OperatorID
	case "nobody":
		f.Nobody = true
	case "late":
		f.Late = true
	case "unpaid":
		f.Unpaid = true
	}
	parts := strings.Split(c.QueryParam("after"), ".")
	if len(parts) == 3 {
		rank, err := strconv.Atoi(parts[0])
		micro, err2 := strconv.ParseInt(parts[1], 10, 64)
		id, err3 := strconv.ParseInt(parts[2], 10, 64)
		if err == nil && err2 == nil && err3 == nil {
			f.After = store.QueuePlace{Rank: registry.OrderRank(rank), At: time.UnixMicro(micro).UTC(), ID: registry.ApplicationID(id)}
		}
	}
	return f
}

func queuePath(show, after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"show": show, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return "/queue"
	}
	return "/queue?" + q.Encode()
}

func (s *Server) queueChips(c echo.Context, n *store.QueueCounts) []worklistLink {
	show := c.QueryParam("show")
	link := func(value, label string, count int) worklistLink {
		return worklistLink{Path: queuePath(value, ""), Label: s.text(c, label), Count: capped(count), Current: show == value}
	}
	return []worklistLink{
		link("", "filter.all", n.All), link("mine", "filter.mine", n.Mine), link("nobody", "application.unassigned", n.Nobody),
		link("late", "due.overdue", n.Late), link("unpaid", "status.order.awaiting_payment", n.Unpaid),
	}
}

func (s *Server) queueRows(c echo.Context, tx *store.Tx, v *queuePage, page *store.QueuePage, names map[registry.OperatorID]string) error {
	now, l := s.deps.Now(), lang(c)
	prices, _, err := s.deps.Workflow.PricesAt(tx, now)
	if err != nil {
		return err
	}
	for _, it := range page.Items {
		row := queueItem{
			QueueItem: it, Title: registry.Text{Ky: it.TitleKy, Ru: it.TitleRu, En: it.TitleRu}.In(l), Who: names[it.Assignee],
			Mine: it.Assignee != 0 && it.Assignee == identity(c).OperatorID, State: s.applicationState(c, it.Status), Ended: !now.Before(it.EndsAt),
		}
		row.Takes = v.MayTake && it.Assignee == 0
		if days := registry.DaysLeft(it.EndsAt, now); days <= 7 {
			row.EndsIn = days
		}
		if quote, err := prices.Quote(registry.FactsOf(&it.Declaration)); err == nil {
			row.Lacks = registry.ChargeOf(it.Balance, quote.Total).Missing
		}
		label, late := queueUrgency(it, now)
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Label != label {
			v.Groups = append(v.Groups, queueGroup{Label: label, Late: late})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Items = append(g.Items, row)
	}
	if page.More {
		last := page.Items[len(page.Items)-1].Place()
		v.More = queuePath(c.QueryParam("show"), strings.Join([]string{
			strconv.Itoa(int(last.Rank)), strconv.FormatInt(last.At.UnixMicro(), 10), strconv.FormatInt(int64(last.ID), 10),
		}, "."))
	}
	return nil
}

// queueUrgency names the group of a row.
func queueUrgency(it store.QueueItem, now time.Time) (label string, late bool) {
	switch {
	case it.Rank == registry.OrderPaid:
		return "queue.group_paid", false
	case it.Rank == registry.OrderUnpaid:
		return "queue.group_unpaid", false
	case it.OrderAt.Before(now):
		return "queue.group_late", true
	}
	return "queue.group_turn", false
}

// queueNext takes the most urgent order that nobody has.
func (s *Server) queueNext(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	app, err := s.deps.Workflow.TakeNext(c.Request().Context(), who)
	if refused := refusalOf(err); refused != nil && refused.Key == "error.queue.empty" {
		s.flash(c, "warn", refused.Key)
		return s.redirect(c, "/queue")
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "flash.taken")
	return s.redirect(c, "/queue/"+app.Number)
}

// queueMove performs a transition of the order that the address names and
// returns to its page; a refusal is shown there.
func (s *Server) queueMove(c echo.Context, done string, do moving) error {
	return s.moveOn(c, "/queue/", done, do, func(c echo.Context, _ string, _ url.Values, err error) error {
		errs, ok := s.fieldErrors(c, err)
		if !ok {
			return err
		}
		v, err := s.queueOrderPage(c)
		if err != nil {
			return err
		}
		v.Errors = errs
		headed(errs)
		return s.render(c, http.StatusUnprocessableEntity, "queue_order", v)
	})
}

// queueTake puts an order into the clerk's hands.
func (s *Server) queueTake(c echo.Context) error { return s.queueMove(c, "flash.taken", s.take) }

// queueGiveBack returns an order to the queue.
func (s *Server) queueGiveBack(c echo.Context) error {
	return s.queueMove(c, "flash.given_back", s.giveBack)
}

// queueAssign puts an order into a colleague's hands.
func (s *Server) queueAssign(c echo.Context) error {
	return s.queueMove(c, "flash.assigned", s.assign)
}

// queueVerify passes an order on to an approver.
func (s *Server) queueVerify(c echo.Context) error {
	return s.queueMove(c, "flash.verified", s.verify)
}
