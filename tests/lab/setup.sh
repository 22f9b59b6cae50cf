# Lays out one lab: run as PID 1 of fresh namespaces, it gives them paths of their own and stays as their init.
# FARRIER names the program under test; INIT is the lab's own, `tini`, or `systemd` in the control group GROUP. Everything mounted here is gone when the last process of the lab is.
set -eu

# The program first: what is mounted below could hide the place where it was built.
mount -t tmpfs -o mode=755 lab /usr/local/bin
touch /usr/local/bin/farrier
mount --bind "$FARRIER" /usr/local/bin/farrier

# /var as the machine has it, with a www of its own.
mount -t tmpfs -o mode=755 lab /mnt
for entry in /var/*; do
    name=${entry#/var/}
    if [ "$name" = www ]; then
        continue
    elif [ -L "$entry" ]; then
        cp -P "$entry" /mnt/
    elif [ -d "$entry" ]; then
        mkdir "/mnt/$name"
        mount --rbind "$entry" "/mnt/$name"
    fi
done
mkdir /mnt/www
mount --move /mnt /var

mount -t tmpfs -o mode=755 lab /run
mount -t tmpfs -o mode=755 lab /srv
# Where some keep their Rubies.
mount -t tmpfs -o mode=755 lab /opt

# /etc as the machine has it, to be changed freely: a user who deploys, farrier's settings.
mount -t tmpfs -o mode=755 lab /mnt
cp -a /etc/. /mnt/
mount --move /mnt /etc
echo 'deploy:x:1200:1200::/srv/deploy:/bin/bash' >> /etc/passwd
echo 'deploy:x:1200:' >> /etc/group
mkdir /srv/deploy
chown 1200:1200 /srv/deploy /var/www

ip link set lo up
echo web-1 > /proc/sys/kernel/hostname
umask 022

if [ "$INIT" = systemd ]; then
    # The kernel's settings and what lies in /tmp are the machine's: its init may not touch them.
    mount --bind /proc/sys /proc/sys
    mount -o remount,bind,ro /proc/sys
    mount -t tmpfs -o mode=1777 lab /tmp
    mount -t tmpfs -o mode=755 lab /var/lib/systemd
    # A part of the control groups for this lab alone, which systemd then takes for the whole.
    mount -t cgroup2 lab /mnt
    mkdir "/mnt/$GROUP"
    echo 0 > "/mnt/$GROUP/cgroup.procs"
    umount /mnt
    # Nothing is started at boot, so that nothing but the tests' own units is there.
    rm -rf /etc/systemd/system /etc/fstab
    mkdir /etc/systemd/system
    printf '[Unit]\nDefaultDependencies=no\n' > /etc/systemd/system/lab.target
    exec 3<&0
    exec unshare --cgroup -- sh -euc '
        umount -R -l /sys/fs/cgroup
        mount -t cgroup2 lab /sys/fs/cgroup
        {
            until [ -S /run/systemd/private ]; do sleep 0.05; done
            echo ready
            # The lab lives as long as the test holds the other end: its first process ends with this call.
            cat > /dev/null
            systemctl --force --force poweroff
        } <&3 3<&- &
        exec 3<&- > /dev/null 2>&1
        exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            /lib/systemd/systemd --system --unit=lab.target --log-target=null --show-status=0'
fi

# The lab's own part of the control groups, mounted as a container's runtime does it.
if [ -d /sys/fs/cgroup/memory ]; then
    umount -l /sys/fs/cgroup/memory
    mount -t cgroup -o memory lab /sys/fs/cgroup/memory
else
    umount -l /sys/fs/cgroup
    mount -t cgroup2 lab /sys/fs/cgroup
fi

# The lab lives as long as the test holds the other end of standard input.
echo ready
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin tini -- cat > /dev/null 2>&1
