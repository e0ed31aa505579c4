# The agent, from the npm package that this file is in: docker build -t <repository>/kong-resilience:<version> node_modules/cdktf-kong-resilience
# docs/artefact.md says who it runs as, what its volumes are, and how it is asked for its health.
FROM node:22.23.3-alpine3.24

LABEL org.opencontainers.image.title="kong-resilience" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY package.json LICENSE /opt/kong-resilience/
COPY bin /opt/kong-resilience/bin/
COPY dist /opt/kong-resilience/dist/

# Package managers are not needed, and are most of what a scanner finds in the base. The package's files get fixed modes,
# since npm installs them by the umask. Fargate makes a volume as this folder is, if VOLUME names exactly this path; as
# /tmp it can then be used by any user, and nobody takes away another one's files.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && chmod -R u=rwX,go=rX /opt/kong-resilience \
 && ln -s /opt/kong-resilience/bin/kong-resilience /usr/local/bin/kong-resilience \
 && mkdir -p /var/lib/kong-resilience/handover /var/lib/kong-resilience/spool \
 && chown 1000:1000 /var/lib/kong-resilience/handover /var/lib/kong-resilience/spool \
 && chmod 1777 /var/lib/kong-resilience/handover /var/lib/kong-resilience/spool

# The health check asks there. On all addresses (0.0.0.0:8101) where a platform probes from outside the container.
ENV KONG_RESILIENCE_STATUS_LISTEN=127.0.0.1:8101

VOLUME ["/var/lib/kong-resilience/handover", "/var/lib/kong-resilience/spool"]

USER 1000:1000

HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["kong-resilience", "health"]

ENTRYPOINT ["kong-resilience"]
CMD ["run"]
