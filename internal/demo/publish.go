package demo

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// news are what clients land on, the earliest first.
var news = []workflow.NewsText{
	{
		Title: registry.Text{Ky: "E-Cloud: ачкыч сервердин корголгон сактагычында", Ru: "E-Cloud: ключ хранится на сервере", En: "E-Cloud: the key is kept on the server"},
		Body: registry.Text{
			Ky: "Эми токен алып жүрүүнүн кереги жок: ачкычыңыз биздин корголгон сактагычта турат, ал ПИН-кодуңуз менен гана ачылат.\n\nПИН-кодуңузду эч кимге айтпаңыз. Биздин кызматкерлер аны эч качан сурабайт.",
			Ru: "Носить с собой токен больше не нужно: ключ лежит в нашем защищённом хранилище и открывается только вашим ПИН-кодом.\n\nНикому не сообщайте ПИН-код. Наши сотрудники его не спрашивают.",
			En: "There is no token to carry any more: your key lies in our protected storage and only your PIN-code opens it.\n\nTell your PIN-code to nobody. Our staff never ask for it.",
		},
	},
	{
		Title: registry.Text{Ky: "Майрам күндөрү кеңселер иштебейт", Ru: "В праздничные дни офисы не работают", En: "The offices are closed on public holidays"},
		Body: registry.Text{
			Ky: "1–7-январь – майрам күндөр, кеңселер жабык. Ушул күндөрү тапшырылган арыздар 8-январда каралат.",
			Ru: "1–7 января – праздничные дни, офисы закрыты. Заявки, поданные в эти дни, рассмотрят 8 января.",
			En: "1 to 7 January are public holidays and the offices are closed. Applications handed in on these days are looked at on 8 January.",
		},
	},
}

// publish has an administrator write the news.
func (d *demo) publish(ctx context.Context) error {
	for i, n := range news {
		d.set(d.morning(2 * (len(news) - i)).Add(10 * time.Minute))
		if _, err := d.flow.PublishNews(ctx, d.admin.actor, n); err != nil {
			return err
		}
	}
	d.set(d.now)
	return nil
}
