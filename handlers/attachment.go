package handlers

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

const zipType = "application/zip"

// attachment has what is sent next kept as a file.
func attachment(c echo.Context, file, mediaType string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s"`, file))
	h.Set(echo.HeaderContentType, mediaType)
}

// sendFile sends what is to be kept as a file.
func sendFile(c echo.Context, file, mediaType string, content []byte) error {
	attachment(c, file, mediaType)
	return c.Blob(http.StatusOK, mediaType, content)
}
