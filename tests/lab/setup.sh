# Lays out one lab: run as PID 1 of fresh namespaces, it gives them paths of their own and stays as their init.
# FARRIER names the program under test. Everything mounted here is gone when the last process of the lab is.
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

# /etc as the machine has it, to be changed freely: a user who deploys, farrier's settings.
mount -t tmpfs -o mode=755 lab /mnt
cp -a /etc/. /mnt/
mount --move /mnt /etc
echo 'deploy:x:1200:1200::/srv/deploy:/bin/bash' >> /etc/passwd
echo 'deploy:x:1200:' >> /etc/group
mkdir /srv/deploy
chown 1200:1200 /srv/deploy /var/www

# The lab's own part of the control groups, mounted as a container's runtime does it.
if [ -d /sys/fs/cgroup/memory ]; then
    umount -l /sys/fs/cgroup/memory
    mount -t cgroup -o memory lab /sys/fs/cgroup/memory
else
    umount -l /sys/fs/cgroup
    mount -t cgroup2 lab /sys/fs/cgroup
fi

ip link set lo up
echo web-1 > /proc/sys/kernel/hostname
umask 022

# The lab lives as long as the test holds the other end of standard input.
echo ready
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin tini -- cat > /dev/null 2>&1
