# One image for API, worker and bootstrap: the command decides. Same locks as `make demo`. Compiled here, because its
# user may not write beside the code: every start would compile it again.
FROM python:3.12-slim AS build
WORKDIR /src
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY requirements requirements
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv venv /opt/lethe \
 && VIRTUAL_ENV=/opt/lethe uv pip sync --no-cache --compile-bytecode --require-hashes requirements/base.txt
COPY . .
# The wheel is built in the build image's own interpreter, so hatchling stays out of the result.
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && python -m hatchling build --target wheel \
 && VIRTUAL_ENV=/opt/lethe uv pip install --no-cache --compile-bytecode --no-deps dist/*.whl

FROM python:3.12-slim
# git reads the sources that are repositories.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/lethe --create-home --shell /usr/sbin/nologin lethe \
 && install -d -o lethe -g lethe -m 0700 /var/lib/lethe/state /var/lib/lethe/blobs /var/lib/lethe/keys /var/lib/lethe/witness
COPY --from=build /opt/lethe /opt/lethe
ENV PATH=/opt/lethe/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    UNSTRUCTURED_DISABLE_NOTICE=1
USER lethe
WORKDIR /var/lib/lethe
CMD ["python", "-m", "api"]
