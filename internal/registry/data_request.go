package registry

import (
	"slices"
	"time"
)

// DataRequestID is the row identity of a person's request for their own data.
type DataRequestID int64

// DataRequest is a person's request for what is kept about them (domain.md
// §6.9), and what became of it.
type DataRequest struct {
	ID             DataRequestID
	Number         string // "D-26-0001": year and a running number
	PersonalNumber PersonalNumber
	// AskedBy is who came, the person or who acts for them; Identified is how
	// we know.
	AskedBy    string
	Way        DataRequestWay
	Identified string
	Note       string
	Status     DataRequestStatus
	ReceivedAt time.Time
	DueAt      time.Time
	CreatedBy  OperatorID
	CreatedAt  time.Time
	// ExportedSHA256 is of the last export's data.json, hex; empty: none yet.
	ExportedSHA256 string
	ExportedAt     *time.Time
	ExportedBy     OperatorID
	ConcludedAt    *time.Time
	ConcludedBy    OperatorID
	// Remark says how it was handed over, or why it is refused.
	Remark  string
	Version int64
}

// DataRequestTerm is how long the law leaves for handing the data over or
// refusing (law №58 of 14.04.2008, domain.md §6.9): a week by the clock.
const DataRequestTerm = 7 * 24 * time.Hour

// DataRequestStatus is where a request stands.
type DataRequestStatus string

const (
	// DataReceived: the clock runs.
	DataReceived DataRequestStatus = "received"
	// DataHandedOver: the person has their data. Final.
	DataHandedOver DataRequestStatus = "handed_over"
	// DataRefused: in writing, with the reasons. Final.
	DataRefused DataRequestStatus = "refused"
)

// DataRequestStatuses lists them.
var DataRequestStatuses = [...]DataRequestStatus{DataReceived, DataHandedOver, DataRefused}

// DataRequestWay is how a request came.
type DataRequestWay string

const (
	// DataInPerson: the person came to an office.
	DataInPerson DataRequestWay = "person"
	// DataByLetter: a signed letter.
	DataByLetter DataRequestWay = "letter"
	// DataByRepresentative: somebody with a power of attorney came.
	DataByRepresentative DataRequestWay = "representative"
)

// DataRequestWays lists them.
var DataRequestWays = [...]DataRequestWay{DataInPerson, DataByLetter, DataByRepresentative}

// DataRequestAction is what is done to a request that was received.
type DataRequestAction string

const (
	DataExport   DataRequestAction = "export"    // put the data together
	DataHandOver DataRequestAction = "hand_over" // give them to the person
	DataRefuse   DataRequestAction = "refuse"    // with the reasons, in writing
)

// DataRequestMove is one row of the table of moves; To is empty where it stays
// received.
type DataRequestMove struct {
	Action DataRequestAction
	To     DataRequestStatus
	By     []Actor
}

// DataRequestMoves is the whole table; what is not in it is not allowed. Every
// final status is reached from received only.
var DataRequestMoves = []DataRequestMove{
	{DataExport, "", []Actor{ByClerk, ByApprover}},
	{DataHandOver, DataHandedOver, []Actor{ByClerk, ByApprover}},
	{DataRefuse, DataRefused, []Actor{ByApprover}},
}

// MoveDataRequest judges an action: the status afterwards, Conflict for a
// request that is concluded, Forbidden where this actor never may.
func MoveDataRequest(from DataRequestStatus, act DataRequestAction, by Actor) (DataRequestStatus, error) {
	for _, m := range DataRequestMoves {
		if m.Action != act || !slices.Contains(m.By, by) {
			continue
		}
		if from != DataReceived {
			return from, Refuse(Conflict, "error.data_request.concluded")
		}
		if m.To == "" {
			return from, nil
		}
		return m.To, nil
	}
	return from, Refuse(Forbidden, "error.forbidden")
}
