package handlers

import "net/http"

// clientRoutes are the holders' own pages, and what everybody may read.
func (s *Server) clientRoutes() []route {
	const get = http.MethodGet
	return []route{
		{Method: get, Path: "/news", Access: Holder(), Handle: s.news},
		{Method: get, Path: "/archive", Access: Holder(), Handle: s.archive},
		{Method: get, Path: "/archive/applications/:number", Access: Holder(), Handle: s.archiveApplication},
		{Method: get, Path: "/archive/files/:id", Access: Holder(), Handle: s.archiveFile},
		{Method: get, Path: "/cabinet", Access: Holder(), Handle: s.cabinet},
		{Method: get, Path: "/cabinet/certificates/:serial", Access: Holder(), Handle: s.cabinetCertificate},
		{Method: get, Path: "/cabinet/balance", Access: Holder(), Handle: s.balance},
		{Method: get, Path: "/cabinet/balance.csv", Access: Holder(), Handle: s.balanceCSV},

		{Method: get, Path: "/offices", Access: Public(), Handle: s.offices},
		{Method: get, Path: "/documents", Access: Public(), Handle: s.documentsNeeded},
		{Method: get, Path: "/documents/forms/:form", Access: Public(), Handle: s.blankForm, Flood: true},
	}
}
