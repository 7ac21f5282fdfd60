"""The environment and command line of the stack's own Weaviate: one node, loopback, keys from the first start."""

import os
from pathlib import Path

from cli.stack.ports import HOST
from cli.stack.state import Ports, Secrets

_NODE = "lethe"
_USER = "lethe"


def argv(binary: Path, port: int) -> list[str]:
    return [str(binary), "--host", HOST, "--port", str(port), "--scheme", "http"]


def environment(data: Path, ports: Ports, secrets: Secrets) -> dict[str, str]:
    """A whole environment: nothing of the caller's but PATH and HOME reaches the server.

    Weaviate opens its gRPC and cluster data ports on every interface whatever it is told; both ask for a
    generated secret (API key, basic auth). Everything else listens on loopback only.
    """
    gossip = ports.weaviate_cluster
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PERSISTENCE_DATA_PATH": str(data),
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": secrets.weaviate_api_key,
        "AUTHENTICATION_APIKEY_USERS": _USER,
        "AUTHORIZATION_ADMINLIST_ENABLED": "true",
        "AUTHORIZATION_ADMINLIST_USERS": _USER,
        "AUTOSCHEMA_ENABLED": "false",
        "DEFAULT_VECTORIZER_MODULE": "none",
        "ENABLE_MODULES": "",
        "ENABLE_API_BASED_MODULES": "false",
        "DISABLE_TELEMETRY": "true",
        "GO_PROFILING_DISABLE": "true",
        "GOMEMLIMIT": f"{memory_limit_mib()}MiB",
        "GRPC_PORT": str(ports.weaviate_grpc),
        "CLUSTER_HOSTNAME": _NODE,
        "CLUSTER_IN_LOCALHOST": "true",
        "CLUSTER_ADVERTISE_ADDR": HOST,
        "CLUSTER_BIND_ADDR": HOST,
        "CLUSTER_GOSSIP_BIND_PORT": str(gossip),
        "CLUSTER_DATA_BIND_PORT": str(gossip + 1),
        "CLUSTER_BASIC_AUTH_USERNAME": _USER,
        "CLUSTER_BASIC_AUTH_PASSWORD": secrets.weaviate_cluster_password,
        "RAFT_PORT": str(gossip + 2),
        "RAFT_INTERNAL_RPC_PORT": str(gossip + 3),
        "RAFT_JOIN": f"{_NODE}:{gossip + 2}",
        "RAFT_BOOTSTRAP_EXPECT": "1",
        # A single node waits for nobody: its election after boot took 8 s at the default of 5, 2 s at 1.
        "RAFT_TIMEOUTS_MULTIPLIER": "1",
        "LOG_LEVEL": "warning",
    }


def memory_limit_mib() -> int:
    """What Weaviate's garbage collector aims to stay under: a quarter of the machine, at least 512 MiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(512, (total >> 20) // 4)
