package registry

// Text is one sentence or label in the interface's languages. All three are
// always present in a validated pack.
type Text struct {
	Ky string `json:"ky" yaml:"ky"`
	Ru string `json:"ru" yaml:"ru"`
	En string `json:"en" yaml:"en"`
}

// In returns the text in a language; an unknown language is answered in
// Kyrgyz.
func (t Text) In(l Language) string {
	switch l {
	case Russian:
		return t.Ru
	case English:
		return t.En
	default:
		return t.Ky
	}
}

// Map applies f to each language's text.
func (t Text) Map(f func(Language, string) string) Text {
	return Text{Ky: f(Kyrgyz, t.Ky), Ru: f(Russian, t.Ru), En: f(English, t.En)}
}

// Languages returns the text as a map, as documents store it.
func (t Text) Languages() map[Language]string {
	return map[Language]string{Kyrgyz: t.Ky, Russian: t.Ru, English: t.En}
}
