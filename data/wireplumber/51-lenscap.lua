-- For WirePlumber 0.4. Lenscap offers its camera to PipeWire by itself (lenscap-pipewire): WirePlumber leaves the V4L2
-- device of the same camera out, so that programs list it once. For 0.5 there is 51-lenscap.conf.
--
-- 0.4 reads main.lua.d below ~/.config/wireplumber, /etc/wireplumber and /usr/share/wireplumber, nothing of XDG_DATA_DIRS
-- (measured with 0.4.13): an installation below /usr/local is not read. Of files of one name the first of these counts.
-- The name begins with 51: after 50-v4l2-config.lua, which makes the list, and before 90-enable-all.lua, which uses it.
--
-- The names are labels of devices, as udev says them (ID_V4L_PRODUCT). Who gives the device another label (device.label
-- of Lenscap's settings) writes that one into a copy of this file; "lenscap doctor" says so.
--
-- A rule cannot know Lenscap's settings. With output.pipewire = "off" the device stays left out; who wants it in PipeWire
-- all the same puts an empty file of this name into ~/.config/wireplumber/main.lua.d. PipeWire 0.3.65 fails to read it
-- there.

if v4l2_monitor and v4l2_monitor.rules then
  table.insert(v4l2_monitor.rules, {
    matches = {
      -- Measured, with 0.4.13 and v4l2loopback 0.15.0: the device is hidden. By the card (api.v4l2.cap.card) it is not.
      { { "device.product.name", "equals", "Lenscap" } },
      -- Further devices, where they are asked for: the same rule; not measured.
      { { "device.product.name", "equals", "Lenscap 2" } },
      { { "device.product.name", "equals", "Lenscap 3" } },
      { { "device.product.name", "equals", "Lenscap 4" } },
      -- The raw nodes of Intel's image processors, whose pictures no program can use. Their driver gives each this card
      -- (drivers/media/pci/intel/ipu6); not measured, for want of the hardware. Cameras of libcamera's are not touched.
      { { "device.product.name", "equals", "ipu6" } },
      { { "device.product.name", "equals", "ipu7" } },
    },
    apply_properties = { ["device.disabled"] = true },
  })
  -- The same nodes by their driver, whose name is known once they are nodes: "isys" in the kernel, the other of drivers
  -- built beside it before. Not measured either.
  table.insert(v4l2_monitor.rules, {
    matches = {
      { { "api.v4l2.cap.driver", "equals", "isys" } },
      { { "api.v4l2.cap.driver", "equals", "intel-ipu6-isys" } },
    },
    apply_properties = { ["node.disabled"] = true },
  })
end
