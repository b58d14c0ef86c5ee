"""A world: one company from start to its complete end."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg

from keys_practice import build, database, folders, keeper_client, oracle, snapshot
from keys_practice.company import Company
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.faults import FAULTS
from keys_practice.http_client import call
from keys_practice.layout import Layout
from keys_practice.oracle import Verdict
from keys_practice.ports import port_of, reserve
from keys_practice.postgres import SUPERUSER
from keys_practice.processes import wait_until
from keys_practice.stripe.store import Endpoint
from keys_practice.stripe.traffic import PRICES

BASELINE_EVENTS = 20
BASELINE_SECONDS = 3600
TRAFFIC_SECONDS = 3.0
START_SECONDS = 20
END_SECONDS = 20

OUR_EVENTS = [
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
]
LETTERS_EVENTS = ["customer.subscription.created", "customer.subscription.deleted"]
