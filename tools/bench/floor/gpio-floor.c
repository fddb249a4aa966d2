// SPDX-License-Identifier: GPL-2.0
/*
 * The least that a request to a virtio GPIO device can cost
 *
 * Takes the place of the driver: /dev/gpio-floor, of which a read of so many
 * bytes is so many requests for the value of a line, added at once, with one
 * notification and one wait. There is no GPIO library, no tag, no time limit,
 * and one reader at a time, so what remains is the system call, the virtqueue,
 * the transport, the device, and the wakeup. It sleeps as a driver must that
 * may not spin. It keeps to what Linux 5.10 has as well.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#define GPIO_FLOOR_MAX	64

struct gpio_floor_slot {
	struct virtio_gpio_request req;
	struct virtio_gpio_response res ____cacheline_aligned;
} ____cacheline_aligned;

static struct gpio_floor_slot *slots;
static DECLARE_COMPLETION(gpio_floor_done);
static DEFINE_SPINLOCK(gpio_floor_lock);
static DEFINE_MUTEX(gpio_floor_reader);
static struct virtqueue *gpio_floor_vq;
static unsigned int gpio_floor_missing;

static void gpio_floor_reply(struct virtqueue *vq)
{
	unsigned long flags;
	unsigned int len;

	spin_lock_irqsave(&gpio_floor_lock, flags);
	do {
		virtqueue_disable_cb(vq);
		while (virtqueue_get_buf(vq, &len))
			if (!--gpio_floor_missing)
				complete(&gpio_floor_done);
	} while (!virtqueue_enable_cb(vq));
	spin_unlock_irqrestore(&gpio_floor_lock, flags);
}

static int gpio_floor_add(unsigned int gpio)
{
	struct gpio_floor_slot *slot = &slots[gpio];
	struct scatterlist req, res, *sgs[] = { &req, &res };

	slot->req.type = cpu_to_le16(VIRTIO_GPIO_MSG_GET_VALUE);
	slot->req.gpio = cpu_to_le16(gpio);
	sg_init_one(&req, &slot->req, sizeof(slot->req));
	sg_init_one(&res, &slot->res, sizeof(slot->res));

	return virtqueue_add_sgs(gpio_floor_vq, sgs, 1, 1, slot, GFP_ATOMIC);
}

static int gpio_floor_send(unsigned int count)
{
	unsigned long flags;
	unsigned int gpio;
	bool notify;
	int ret = 0;

	spin_lock_irqsave(&gpio_floor_lock, flags);
	gpio_floor_missing = count;
	for (gpio = 0; gpio < count && !ret; gpio++)
		ret = gpio_floor_add(gpio);
	notify = virtqueue_kick_prepare(gpio_floor_vq);
	spin_unlock_irqrestore(&gpio_floor_lock, flags);
	if (notify)
		virtqueue_notify(gpio_floor_vq);

	return ret;
}

static ssize_t gpio_floor_read(struct file *file, char __user *to, size_t size,
			       loff_t *pos)
{
	char values[GPIO_FLOOR_MAX];
	unsigned int gpio;
	int ret;

	if (!size || size > GPIO_FLOOR_MAX)
		return -EINVAL;

	mutex_lock(&gpio_floor_reader);
	ret = gpio_floor_send(size);
	if (!ret)
		wait_for_completion(&gpio_floor_done);
	for (gpio = 0; gpio < size; gpio++)
		values[gpio] = slots[gpio].res.value;
	mutex_unlock(&gpio_floor_reader);
	if (ret)
		return ret;

	return copy_to_user(to, values, size) ? -EFAULT : size;
}

static const struct file_operations gpio_floor_fops = {
	.owner = THIS_MODULE,
	.read = gpio_floor_read,
};

static struct miscdevice gpio_floor_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gpio-floor",
	.fops = &gpio_floor_fops,
};

static void gpio_floor_del_vqs(struct virtio_device *vdev)
{
	vdev->config->reset(vdev);
	vdev->config->del_vqs(vdev);
	gpio_floor_vq = NULL;
}

static int gpio_floor_probe(struct virtio_device *vdev)
{
	int ret;

	if (gpio_floor_vq)
		return -EBUSY;

	slots = devm_kcalloc(&vdev->dev, GPIO_FLOOR_MAX, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;

	gpio_floor_vq = virtio_find_single_vq(vdev, gpio_floor_reply, "requestq");
	if (IS_ERR(gpio_floor_vq)) {
		ret = PTR_ERR(gpio_floor_vq);
		gpio_floor_vq = NULL;
		return ret;
	}

	virtio_device_ready(vdev);
	ret = misc_register(&gpio_floor_misc);
	if (ret)
		gpio_floor_del_vqs(vdev);

	return ret;
}

static void gpio_floor_remove(struct virtio_device *vdev)
{
	misc_deregister(&gpio_floor_misc);
	gpio_floor_del_vqs(vdev);
}

static const struct virtio_device_id gpio_floor_ids[] = {
	{ VIRTIO_ID_GPIO, VIRTIO_DEV_ANY_ID },
	{ },
};

static struct virtio_driver gpio_floor_driver = {
	.driver.name = KBUILD_MODNAME,
	.id_table = gpio_floor_ids,
	.probe = gpio_floor_probe,
	.remove = gpio_floor_remove,
};
module_virtio_driver(gpio_floor_driver);

MODULE_DESCRIPTION("The least that a request to a virtio GPIO device can cost");
MODULE_LICENSE("GPL");
