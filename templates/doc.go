// Package templates owns what people see: pages and partials, the style sheet
// and the scripts, and the catalogs of messages in Kyrgyz, Russian and English.
// It knows no domain type, no database and no HTTP framework: handlers fill
// structs and it writes HTML. It must not decide anything: no permissions, no
// arithmetic, no rules. Everything is embedded and parsed once, at start.
//
// # Adding a page
//
// pages/<name>.html defines the block "content"; the layout puts the bar and
// the foot around it. Its data is a struct of package handlers that embeds
// Page. Example, pages/organisation.html:
//
//	{{define "content"}}
//	<div class="tg-head"><div><p class="tg-crumb"><a href="/organisations">{{T "nav.organisations"}}</a></p>
//	<h1>{{.Organisation.NameKy}}</h1></div></div>
//	{{template "phone" .}}{{end}}
//
//	{{define "phone"}}<section class="tg-panel" id="phone"><form class="tg-body tg-form" method="post"
//	  action="/organisations/{{.Organisation.ID}}/phone" data-keep="organisation-{{.Organisation.ID}}-phone">
//	{{template "csrf" .}}{{template "kept"}}{{template "form-error" .Errors}}
//	{{template "field" ((field "phone" "organisation.phone" .Form.Phone .Errors).Required.Kind "tel")}}
//	<button class="btn btn-primary" type="submit">{{T "action.save"}}</button></form></section>{{end}}
//
// The block "phone" can be sent alone for htmx (Renderer.Fragment). No inline
// style, no inline script, no on… attribute: the Content-Security-Policy
// forbids them and a test looks for them. Classes are those of tamga.css.
//
// # Functions
//
//	T "key" "name" value …      a message; "n" chooses the plural form
//	word "status.application" .Status   the message status.application.<value>
//	money amount number size    57 131,50 сом · 57 131,50 · 57 131 · 1,4 МБ
//	datetime date clock iso     03.07.2018 11:00:24 · … Bishkek time · RFC 3339
//	due .Now .DueAt .PausedAt   a Due, drawn by {{template "due" …}}
//	masked .PersonalNumber      2•••••••••9813
//	hex .Serial                 EC:03:5F
//	asset "tamga.svg"           the address of an own file, with its checksum
//	field, note, state          what the partials of the same names draw
//
// # Messages
//
// locales/{ky,ru,en}.toml, one message a line, the same keys in all
// three. Words come from the project's glossary; a trailing mark "# A12" names
// its row. In Kyrgyz a suffix never touches an inserted value: put a label and
// a colon before it, or a noun after it that carries the suffix. Plural forms:
//
//	"count.documents" = { one = "{{.n}} документ", few = "…", many = "…", other = "…" }
//
// The tests of this package refuse a key that is missing in a language, that
// nobody uses, or that is used and does not exist.
package templates
