# The dashboard for a class or a team: docker build -t arrears . && docker run --rm -p 8501:8501 arrears
# Public mode: caps for each visitor. Rooms and finished runs live in the volume /data.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE arrears.py ./
COPY sim sim
COPY calibration calibration
COPY dashboard dashboard
COPY scenarios scenarios
RUN python -m venv /opt/arrears \
    && /opt/arrears/bin/python -m pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 arrears && mkdir /data && chown arrears /data
COPY --from=build /opt/arrears /opt/arrears
ENV PATH=/opt/arrears/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ARREARS_STORE=/data/runs \
    NUMBA_CACHE_DIR=/home/arrears/.cache/numba
USER arrears
WORKDIR /home/arrears
# kernels are compiled once, here, and not while the first visitor waits
RUN python -m sim.warm
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4).close()"]
CMD ["arrears", "dashboard", "--public", "--address", "0.0.0.0", "--port", "8501"]
