# Four images from one file: tamga (the server, the last and so the default),
# step-ca, database and mail. `docker compose up` builds what it needs.

ARG GO_IMAGE=golang:1.26-bookworm
ARG NODE_IMAGE=node:20-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

# What the pages are made of.
FROM ${NODE_IMAGE} AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts ./scripts
RUN mkdir -p templates/assets/vendor && scripts/vendor-assets.sh

FROM ${GO_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=assets /src/templates/assets/vendor ./templates/assets/vendor
RUN go build -trimpath -o /out/tamga ./cmd/tamga \
 && go build -trimpath -o /out/mailcatch ./internal/mailtest/mailcatch \
 && go build -trimpath -o /out/step-ca github.com/smallstep/certificates/cmd/step-ca

# Without root, with the certificates that an external mail server's TLS needs.
FROM ${BASE_IMAGE} AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/tamga --shell /usr/sbin/nologin tamga \
 && for dir in data secrets ca step-ca step-ca-secrets; do install -d -m 0700 -o tamga -g tamga /var/lib/tamga/$dir; done
USER tamga
WORKDIR /var/lib/tamga
# Its healthcheck command asks any of the services.
COPY --from=build /out/tamga /usr/local/bin/tamga

FROM ${BASE_IMAGE} AS database
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o postgres -g postgres /var/lib/postgresql/cluster
COPY --chmod=0755 scripts/docker/database /usr/local/bin/database
USER postgres
EXPOSE 5432
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["database", "ready"]
ENTRYPOINT ["database"]

FROM base AS step-ca
COPY --from=build /out/step-ca /usr/local/bin/step-ca
EXPOSE 9443
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s \
  CMD ["tamga", "healthcheck", "--url", "https://localhost:9443/health", "--bundle", "/var/lib/tamga/step-ca/root.crt"]
ENTRYPOINT ["step-ca"]
CMD ["/var/lib/tamga/step-ca/ca.json", "--password-file", "/var/lib/tamga/step-ca-secrets/ca-password"]

FROM base AS mail
COPY --from=build /out/mailcatch /usr/local/bin/mailcatch
ENV MAILCATCH_LISTEN=:1025 MAILCATCH_WEB=:8025
EXPOSE 1025 8025
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["tamga", "healthcheck", "--url", "http://localhost:8025/"]
ENTRYPOINT ["mailcatch"]

FROM base AS tamga
ENV TAMGA_LISTEN=:8080 \
    TAMGA_METRICS_LISTEN=:9090 \
    TAMGA_DATA_DIR=/var/lib/tamga/data \
    TAMGA_SECRETS_DIR=/var/lib/tamga/secrets \
    TAMGA_LOG_FORMAT=json
EXPOSE 8080 9090
VOLUME ["/var/lib/tamga/data", "/var/lib/tamga/secrets"]
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s CMD ["tamga", "healthcheck"]
ENTRYPOINT ["tamga"]
CMD ["serve"]
