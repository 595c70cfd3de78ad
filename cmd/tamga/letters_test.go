package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// The letter says how long preparing takes by the pack, also one that was put
// by before the pack changed.
func TestDT20_A09_TheReminderNamesThePacksDays(t *testing.T) {
	pack, err := authorities.Load("dostek")
	if err != nil {
		t.Fatal(err)
	}
	words, err := templates.LoadCatalog(handlers.CatalogWords(pack))
	if err != nil {
		t.Fatal(err)
	}
	letter := workflow.Letter{Kind: "reminder", Args: map[string]any{"n": 5, "serial": "8950af1", "not_after": "28.04.2026", "fee": 1, "balance": 1}}
	for hours, says := range map[int][3]string{
		168: {"даярдоо 7 күнгө чейин созулушу мүмкүн.", "подготовка может занять до 7 дней.", "preparing may take up to 7 days."},
		24:  {"даярдоо 1 күнгө чейин созулушу мүмкүн.", "подготовка может занять до 1 дня.", "preparing may take up to 1 day."},
		36:  {"даярдоо 2 күнгө чейин созулушу мүмкүн.", "подготовка может занять до 2 дней.", "preparing may take up to 2 days."},
		0:   {"даярдоо убакыт талап кылат.", "подготовка требует времени.", "preparing takes time."},
	} {
		pack.Times.PrepareHours = hours
		write := (&installation{pack: pack}).letters(words, "https://ca.example.kg")
		for i, lang := range registry.Languages {
			letter.Language = lang
			if _, body, err := write(letter); err != nil || !strings.Contains(body, says[i]) {
				t.Errorf("%d hours, %s: %v, %s", hours, lang, err, body)
			}
		}
	}
}

// A letter about renewing is written in each language, with the words of each
// authority, from what the outbox keeps of it.
func TestLettersOfRenewalAreWritten(t *testing.T) {
	end := time.Date(2026, 11, 19, 3, 14, 2, 0, time.UTC)
	args := map[string]map[string]any{}
	sum, org := registry.Tyiyn(151000), "ЖЧК Нур-Тилек Медиа"
	order := map[string]any{
		"number": "26-0396", "org": org, "fee": sum, "balance": sum, "missing": sum, "ways": "Касса", "remark": "Себеби", "lapse_at": end,
		"old_not_after": end, "new_not_before": end,
	}
	for _, kind := range []string{"not_enough_money", "order_accepted", "order_refused", "order_lapsing", "order_lapsed"} {
		args[kind] = order
	}
	for _, kind := range []string{"reminder", "reminder_office"} {
		args[kind] = map[string]any{
			"name": "Жумабаева Айнура Сапаровна", "org": "ЖЧК Нур-Тилек Медиа", "serial": "8950af1", "not_after": end, "n": 5,
			"balance": registry.Tyiyn(250050), "fee": registry.Tyiyn(151000),
		}
	}
	for _, name := range []string{"dostek", "ubr"} {
		pack, err := authorities.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		words, err := templates.LoadCatalog(handlers.CatalogWords(pack))
		if err != nil {
			t.Fatal(err)
		}
		write := (&installation{pack: pack}).letters(words, "https://ca.example.kg")
		for kind, a := range args {
			for _, lang := range registry.Languages {
				b, err := json.Marshal(workflow.Letter{Kind: kind, To: "a@b.example", Language: lang, Args: a})
				if err != nil {
					t.Fatal(err)
				}
				var kept workflow.Letter
				if err := json.Unmarshal(b, &kept); err != nil {
					t.Fatal(err)
				}
				subject, body, err := write(kept)
				if err != nil {
					t.Fatalf("%s, %s, %s: %v", name, kind, lang, err)
				}
				whole := subject + "\n" + body
				for _, want := range []string{"19.11.2026 09:14:02", fmt.Sprint(registry.Tyiyn(151000)), "08:95:0A:F1", "ЖЧК Нур-Тилек Медиа", "https://ca.example.kg/"} {
					if kind == "reminder" || kind == "reminder_office" {
						if !strings.Contains(whole, want) {
							t.Errorf("%s, %s, %s: no %q in\n%s", name, kind, lang, want, whole)
						}
					}
				}
				if strings.Contains(whole, "{{") || strings.Contains(whole, "<no value>") {
					t.Errorf("%s, %s, %s: %s", name, kind, lang, whole)
				}
			}
		}
	}
}
