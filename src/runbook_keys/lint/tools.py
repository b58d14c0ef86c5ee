"""What common tools change, as data. Only what is known to change something; all else counts as looking."""

from __future__ import annotations

WRITES_FILES = {
    "rm": "removes files",
    "rmdir": "removes folders",
    "unlink": "removes files",
    "shred": "destroys files",
    "mv": "moves files",
    "cp": "writes files",
    "ln": "makes links",
    "touch": "makes files or changes their times",
    "mkdir": "makes folders",
    "truncate": "cuts files",
    "install": "writes files",
    "tee": "writes files",
    "chmod": "changes rights",
    "chown": "changes owners",
    "chgrp": "changes owners",
    "setfacl": "changes rights",
    "mkfifo": "makes files",
    "split": "writes files",
    "rsync": "writes files",
    "scp": "writes files",
    "unzip": "writes files",
    "patch": "changes files",
}
"""Programs that change the files they are given; harmless where all of those are in the step's own scratch folder."""

CHANGES = {
    "kill": "ends processes",
    "pkill": "ends processes",
    "killall": "ends processes",
    "reboot": "restarts the machine",
    "shutdown": "stops the machine",
    "halt": "stops the machine",
    "poweroff": "stops the machine",
    "dd": "writes files or devices",
    "mkfs": "destroys a file system",
    "fdisk": "changes partitions",
    "mount": "changes mounts",
    "umount": "changes mounts",
    "swapoff": "changes swap",
    "swapon": "changes swap",
    "useradd": "changes accounts",
    "userdel": "changes accounts",
    "usermod": "changes accounts",
    "groupadd": "changes accounts",
    "passwd": "changes a password",
    "chpasswd": "changes passwords",
    "createdb": "makes a database",
    "dropdb": "removes a database",
    "createuser": "makes a database role",
    "dropuser": "removes a database role",
    "pg_restore": "writes a database",
    "pg_resetwal": "destroys a database's log",
    "pg_ctl": "starts or stops a database",
    "vacuumdb": "rewrites tables",
    "reindexdb": "rebuilds indexes",
    "sendmail": "sends mail",
    "mail": "sends mail",
    "logrotate": "moves logs",
    "at": "schedules commands",
    "modprobe": "changes the kernel",
    "insmod": "changes the kernel",
    "rmmod": "changes the kernel",
    "nft": "changes the firewall",
    "ansible-playbook": "changes machines",
    "visudo": "changes who may do what",
}
"""Programs that change something whatever they are told."""

LOOKS = frozenset(
    """
    echo printf cat head tail grep egrep fgrep rg ag awk gawk mawk jq yq sort uniq wc cut tr tac rev nl paste join column
    fold fmt test [ [[ true false : date sleep ls stat file diff cmp comm id whoami groups hostname uname arch nproc ps
    pgrep pidof top df du free uptime w who last vmstat iostat mpstat sar env printenv basename dirname realpath
    readlink seq yes expr bc dig host nslookup getent ping traceroute mtr ss netstat lsof ip ifconfig sha1sum sha256sum
    sha512sum md5sum cksum b2sum base64 base32 xxd od hexdump strings openssl cd pushd popd export local declare typeset
    readonly return exit shift type which whereis command hash read mapfile readarray getopts let set unset shopt trap
    wait jobs ulimit umask times caller dirs eval source . find locate tree mktemp timeout man less more journalctl
    dmesg lsblk blkid lscpu lspci lsusb tput stty tty logger break continue printf select alias xmllint zcat zgrep bzcat
    xzcat pgbench pg_isready pg_controldata pg_dump redis-benchmark python python3 node ruby perl php nc ncat
    """.split()
)
"""Programs whose words are data: `grep delete` deletes nothing. What some of them can change is looked at by itself."""

VERBS = frozenset(
    """
    abort activate add annotate apply approve assign attach autoscale cancel clean clear close commit complete cordon
    create deactivate decommission delete demote deploy deregister destroy detach disable downgrade drain drop edit
    enable evict exec expire failback failover fence flush flushall flushdb forget halt import ingest init insert
    install invalidate invoke kill label link load lock login logout merge migrate modify move mv pause patch post
    promote prune publish pull purge push put quarantine quit reboot rebuild rebalance recreate redeploy redrive
    refund register reindex reject reload remove rename renew replace replay replicate requeue resend reset resize
    restart restore resume resync retry revert revoke rm rmi roll rollback rotate run save scale schedule seal seed
    send set shutdown start stop suspend switch switchover sync taint terminate toggle trigger trim truncate
    uncordon undo undeploy uninstall unlink unlock unmask unpause unregister unschedule unseal unset unsuspend
    unsubscribe up down update upgrade upload upsert vacuum wipe write
    """.split()
)
"""Second words that change something in nearly every tool that has them: `anyctl restart`."""

TOOLS = {
    "git": """add am apply bisect checkout cherry-pick clean commit gc init merge mv pull push rebase reset restore
        revert rm switch""",
    "kubectl": """annotate apply autoscale cordon cp create debug delete drain edit expose label patch replace rollout
        run scale set taint uncordon""",
    "systemctl": """cancel daemon-reexec daemon-reload disable edit emergency enable halt isolate kill link mask
        poweroff preset reboot reenable reload reload-or-restart rescue reset-failed restart revert set-default
        set-environment set-property start stop suspend switch-root try-restart unmask""",
    "docker": """build commit compose container cp create exec image import kill load network pause plugin prune pull
        push rename restart rm rmi run service stack start stop swarm system tag unpause update volume""",
    "helm": "create delete install package push rollback uninstall upgrade",
    "terraform": "apply destroy force-unlock import init state taint untaint workspace",
    "crontab": "",
    "npm": "ci deprecate install publish rebuild uninstall unpublish update",
    "pip": "install uninstall",
    "apt": "autoremove full-upgrade install purge remove update upgrade",
    "dnf": "autoremove downgrade install remove update upgrade",
    "brew": "install services uninstall update upgrade",
    "service": "",
    "redis-cli": """append bgrewriteaof bgsave config decr decrby del eval evalsha expire expireat failover flushall
        flushdb getdel getset hdel hincrby hset hmset incr incrby lpop lpush lrem lset ltrim migrate move mset persist
        pexpire psetex publish rename replicaof restore rpop rpush sadd save script set setex setnx shutdown slaveof
        spop srem swapdb unlink xadd xdel xtrim zadd zincrby zrem""",
    "rabbitmqctl": """add_user add_vhost change_password clear_permissions close_all_connections close_connection
        delete_queue delete_user delete_vhost forget_cluster_node purge_queue reset restart_vhost rotate_logs
        set_permissions set_policy start_app stop stop_app sync_queue""",
    "iptables": "",
}
"""Tools whose changing verbs are listed one by one; nothing else of them counts. Empty: looked at by itself."""

TOOLS["oc"] = TOOLS["kubectl"] + " adm new-app new-project process start-build"
TOOLS["podman"] = TOOLS["docker"]
TOOLS["tofu"] = TOOLS["terraform"]
TOOLS["pip3"] = TOOLS["uv"] = TOOLS["pip"]
TOOLS["yarn"] = TOOLS["pnpm"] = TOOLS["npm"] + " add remove"
TOOLS["apt-get"] = TOOLS["apt"]
TOOLS["yum"] = TOOLS["dnf"]

LOOKING_SECOND_WORDS = {
    ("kubectl", "rollout"): frozenset({"status", "history"}),
    ("oc", "rollout"): frozenset({"status", "history"}),
    ("docker", "compose"): frozenset({"ps", "logs", "config", "top", "images", "ls", "port", "version"}),
    ("docker", "container"): frozenset({"ls", "list", "inspect", "logs", "stats", "top", "port", "diff"}),
    ("docker", "image"): frozenset({"ls", "list", "inspect", "history"}),
    ("docker", "network"): frozenset({"ls", "list", "inspect"}),
    ("docker", "volume"): frozenset({"ls", "list", "inspect"}),
    ("docker", "service"): frozenset({"ls", "inspect", "logs", "ps"}),
    ("docker", "stack"): frozenset({"ls", "ps", "services", "config"}),
    ("docker", "system"): frozenset({"df", "events", "info"}),
    ("docker", "swarm"): frozenset({"ca"}),
    ("docker", "plugin"): frozenset({"ls", "inspect"}),
    ("terraform", "state"): frozenset({"list", "show", "pull"}),
    ("terraform", "workspace"): frozenset({"list", "show"}),
    ("brew", "services"): frozenset({"list", "info"}),
    ("redis-cli", "config"): frozenset({"get"}),
    ("redis-cli", "script"): frozenset({"exists"}),
    ("git", "bisect"): frozenset({"log"}),
}
"""Where a verb both looks and changes: the words after it that only look. Only those count as looking."""

CLOUD_TOOLS = frozenset({"aws", "gcloud", "az", "oci", "doctl", "ibmcloud", "aliyun", "linode-cli", "hcloud"})
"""Tools whose verb stands up to four words deep, often with a noun: `aws rds reboot-db-instance`."""

CLOUD_VERBS = VERBS | frozenset(
    "accept allocate associate authorize batch cp disassociate release request tag".split()
)

HTTP_VERBS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

SQL_CLIENTS = {
    "psql": ("-c", "--command"),
    "mysql": ("-e", "--execute"),
    "mariadb": ("-e", "--execute"),
    "clickhouse-client": ("-q", "--query"),
    "sqlcmd": ("-Q", "-q"),
    "cockroach": ("-e", "--execute"),
}
"""Database clients and the options that carry a statement."""
